package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.farpage.transport.ReadListener;
import java.util.Arrays;

/** Hears of reads, whose cookies are small numbers, each of which must come once. */
final class Deliveries implements ReadListener {
  private final int[] times;
  private int count;
  private long bytes;

  Deliveries(final int expectedReads) {
    times = new int[expectedReads];
  }

  @Override
  public void onRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie) {
    times[(int) cookie]++;
    count++;
    bytes += lengthBytes;
  }

  int count() {
    return count;
  }

  long bytes() {
    return bytes;
  }

  /** Requires that each of the first so many reads was heard of once, and no other. */
  void requireEachOnce(final int reads) {
    final int[] expected = new int[times.length];
    Arrays.fill(expected, 0, reads, 1);
    assertEquals(Arrays.toString(expected), Arrays.toString(times));
  }
}
