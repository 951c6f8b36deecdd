/** Post-copy in virtual time: a recorded guest, a modelled link, and a real prefetch policy. */
package io.farpage.bench.simulation;
