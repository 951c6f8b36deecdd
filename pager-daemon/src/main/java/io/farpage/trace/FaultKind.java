package io.farpage.trace;

/** What a fault was on; the ordinal is what a trace file holds. */
public enum FaultKind {
  /** A page that nobody had asked for: it was read from the source. */
  DEMAND,
  /** A page that was in flight. */
  IN_FLIGHT,
  /** A page that had arrived and was not mapped. */
  LOCAL,
  /** A hole of the source's RAM file: it was filled with zeros. */
  HOLE
}
