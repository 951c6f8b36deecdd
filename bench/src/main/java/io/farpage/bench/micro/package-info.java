/** Micro-benchmarks of the hot path's pieces, one class for each piece; run by JMH. */
package io.farpage.bench.micro;
