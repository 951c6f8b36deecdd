/**
 * Which page next: the state of every page of a guest, and the policies that choose what to fetch
 * ahead of demand.
 *
 * <p>Pages of all regions share one numbering, defined by {@link io.farpage.prefetch.PageSpace}.
 * Nothing here does input or output, owns a thread or reads a clock: everything can be tested with
 * numbers alone.
 */
package io.farpage.prefetch;
