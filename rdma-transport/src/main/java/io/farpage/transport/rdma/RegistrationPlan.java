package io.farpage.transport.rdma;

import io.farpage.transport.Extents;
import java.util.Arrays;

/**
 * Which ranges to register for a guest's data: the data itself, and as few memory regions as a
 * little slack buys.
 *
 * <p>Registering populates memory, so holes stay out. But every memory region costs the adapter a
 * table entry and a system call, and a fragmented guest has a million extents. When there are more
 * than {@value #WANTED_COUNT}, the shortest gaps are registered too, for at most 5 % of the data.
 * When there are still more than {@value #MAX_COUNT}, the shortest ranges are left out: their pages
 * are read in another way.
 */
public final class RegistrationPlan {
  /** The longest memory region: DiSNI takes its length as an {@code int}. */
  public static final long MAX_LENGTH_BYTES = 1L << 30;

  static final int WANTED_COUNT = 256;
  static final int MAX_COUNT = 16 * 1024;
  private static final int SLACK_DIVISOR = 20;

  private RegistrationPlan() {}

  /** Returns the ranges to register for the data given. */
  public static Extents of(final Extents data) {
    return withoutShortest(joined(data));
  }

  private static Extents joined(final Extents data) {
    final int count = data.count();
    if (count <= WANTED_COUNT) {
      return data;
    }
    final long longestGap = longestGapToFill(data, count - WANTED_COUNT);
    long slack = data.totalBytes() / SLACK_DIVISOR;
    final Extents result = new Extents(data.regionCount());
    for (int region = 0; region < data.regionCount(); region++) {
      for (int i = 0; i < data.count(region); i++) {
        long start = data.offsetBytes(region, i);
        if (i > 0) {
          final long gap = start - data.endBytes(region, i - 1);
          if (gap <= longestGap && gap <= slack) {
            slack -= gap;
            start -= gap;
          }
        }
        result.add(region, start, data.endBytes(region, i) - start);
      }
    }
    return result;
  }

  private static long longestGapToFill(final Extents data, final int wanted) {
    final long[] gaps = new long[data.count()];
    int found = 0;
    for (int region = 0; region < data.regionCount(); region++) {
      for (int i = 1; i < data.count(region); i++) {
        gaps[found++] = data.offsetBytes(region, i) - data.endBytes(region, i - 1);
      }
    }
    Arrays.sort(gaps, 0, found);
    final long slack = data.totalBytes() / SLACK_DIVISOR;
    long filled = 0;
    long longest = 0;
    for (int i = 0; i < Math.min(wanted, found) && filled + gaps[i] <= slack; i++) {
      filled += gaps[i];
      longest = gaps[i];
    }
    return longest;
  }

  private static Extents withoutShortest(final Extents ranges) {
    final int count = ranges.count();
    if (count <= MAX_COUNT) {
      return ranges;
    }
    final long[] lengths = new long[count];
    int found = 0;
    for (int region = 0; region < ranges.regionCount(); region++) {
      for (int i = 0; i < ranges.count(region); i++) {
        lengths[found++] = ranges.lengthBytes(region, i);
      }
    }
    Arrays.sort(lengths);
    final long shortest = lengths[count - MAX_COUNT];
    int left = MAX_COUNT;
    final Extents result = new Extents(ranges.regionCount());
    for (int region = 0; region < ranges.regionCount(); region++) {
      for (int i = 0; i < ranges.count(region) && left > 0; i++) {
        if (ranges.lengthBytes(region, i) >= shortest) {
          result.add(region, ranges.offsetBytes(region, i), ranges.lengthBytes(region, i));
          left--;
        }
      }
    }
    return result;
  }
}
