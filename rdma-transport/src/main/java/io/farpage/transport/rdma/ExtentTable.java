package io.farpage.transport.rdma;

import java.util.Comparator;
import java.util.List;

/** Finds the keys for a range of a region. Immutable; looking up allocates nothing. */
final class ExtentTable {
  private static final Comparator<ReadableExtent> ORDER =
      Comparator.comparingInt((ReadableExtent e) -> e.remote().region())
          .thenComparingLong(e -> e.remote().offsetBytes());

  /** The table in which nothing is found. */
  static final ExtentTable EMPTY = new ExtentTable(List.of());

  private final int[] regions;
  private final long[] starts;
  private final long[] ends;
  private final long[] remoteAddresses;
  private final int[] rkeys;
  private final int[] lkeys;

  ExtentTable(final List<ReadableExtent> extents) {
    final List<ReadableExtent> sorted = extents.stream().sorted(ORDER).toList();
    final int count = sorted.size();
    regions = new int[count];
    starts = new long[count];
    ends = new long[count];
    remoteAddresses = new long[count];
    rkeys = new int[count];
    lkeys = new int[count];
    for (int i = 0; i < count; i++) {
      final RemoteExtent remote = sorted.get(i).remote();
      regions[i] = remote.region();
      starts[i] = remote.offsetBytes();
      ends[i] = remote.endBytes();
      remoteAddresses[i] = remote.address();
      rkeys[i] = remote.rkey();
      lkeys[i] = sorted.get(i).lkey();
    }
  }

  int count() {
    return regions.length;
  }

  /** Returns the entry that holds a byte, or -1. */
  int find(final int region, final long offsetBytes) {
    int low = 0;
    int high = regions.length - 1;
    while (low <= high) {
      final int middle = (low + high) >>> 1;
      if (regions[middle] < region || regions[middle] == region && ends[middle] <= offsetBytes) {
        low = middle + 1;
      } else if (regions[middle] > region || starts[middle] > offsetBytes) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return -1;
  }

  /**
   * Returns in how many entries, one behind the other, a range lies, or 0 when not all of it does.
   */
  int parts(final int region, final long offsetBytes, final long lengthBytes) {
    final long end = offsetBytes + lengthBytes;
    int entry = find(region, offsetBytes);
    if (entry < 0) {
      return 0;
    }
    int parts = 1;
    while (ends[entry] < end) {
      final int next = entry + 1;
      if (next == regions.length || regions[next] != region || starts[next] != ends[entry]) {
        return 0;
      }
      entry = next;
      parts++;
    }
    return parts;
  }

  long endBytes(final int entry) {
    return ends[entry];
  }

  long remoteAddress(final int entry, final long offsetBytes) {
    return remoteAddresses[entry] + offsetBytes - starts[entry];
  }

  int rkey(final int entry) {
    return rkeys[entry];
  }

  int lkey(final int entry) {
    return lkeys[entry];
  }
}
