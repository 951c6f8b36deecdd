package io.farpage.bench;

import java.util.Arrays;

/** Times of the same thing, done again and again, in the order in which it was done. */
final class Latencies {
  private final long[] nanos;
  private final long[] sorted;

  Latencies(final long[] nanos) {
    if (nanos.length == 0) {
      throw new IllegalArgumentException("nothing was measured");
    }
    this.nanos = nanos.clone();
    sorted = nanos.clone();
    Arrays.sort(sorted);
  }

  /** Returns how many there are. */
  int count() {
    return nanos.length;
  }

  /** Returns the least time that so many percent do not exceed, in microseconds. */
  double percentile(final double percent) {
    final int index = (int) Math.ceil(percent / 100 * sorted.length) - 1;
    return sorted[Math.max(0, index)] / 1e3;
  }

  /** Returns the longest, in microseconds. */
  double max() {
    return sorted[sorted.length - 1] / 1e3;
  }

  /** Returns some of them: from one index up to another. */
  Latencies part(final int from, final int to) {
    return new Latencies(Arrays.copyOfRange(nanos, from, to));
  }
}
