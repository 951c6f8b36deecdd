package io.farpage.guest;

/**
 * In which order a {@link WriterGuest} writes to its pages.
 *
 * <p>Every pattern visits each page of its set exactly once in a pass. So the guest itself knows
 * what each counter must be, and the host replays at most one pass.
 */
public enum WritePattern {
  /** One page after the other. */
  SEQUENTIAL,
  /** Pseudo-random, in another order in each pass. */
  RANDOM,
  /** Every n-th page, then again from one page further on. */
  STRIDE,
  /** Nine of ten steps in the first tenth of the pages, both parts in pseudo-random order. */
  HOT,
  /** Fills its pages, then halts. */
  IDLE
}
