/**
 * Fault traces: which pages a guest touched first, in which order and when; recorded into a file
 * while it pages, read again to fetch those pages first, or to simulate.
 */
package io.farpage.trace;
