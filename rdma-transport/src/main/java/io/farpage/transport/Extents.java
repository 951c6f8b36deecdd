package io.farpage.transport;

import java.util.Arrays;

/**
 * Ranges of bytes of the regions of a guest's RAM, sorted and apart from each other.
 *
 * <p>Kept in arrays, because a fragmented guest has a million of them. Not thread-safe while it is
 * built.
 */
public final class Extents {
  private static final int FIRST_CAPACITY = 16;

  private final long[][] bounds;
  private final int[] lengths;

  /** Creates an empty set for a number of regions. */
  public Extents(final int regionCount) {
    bounds = new long[regionCount][];
    Arrays.setAll(bounds, region -> new long[FIRST_CAPACITY]);
    lengths = new int[regionCount];
  }

  /**
   * Adds a range behind all others of its region; one that touches the last is joined with it.
   *
   * @throws IllegalArgumentException when the range is empty or not behind the others
   */
  public void add(final int region, final long offsetBytes, final long lengthBytes) {
    final int length = lengths[region];
    final long end = offsetBytes + lengthBytes;
    if (offsetBytes < 0 || end <= offsetBytes) {
      throw new IllegalArgumentException("empty range at " + offsetBytes);
    }
    if (length > 0 && bounds[region][length - 1] == offsetBytes) {
      bounds[region][length - 1] = end;
      return;
    }
    if (length > 0 && bounds[region][length - 1] > offsetBytes) {
      throw new IllegalArgumentException("range at " + offsetBytes + " is out of order");
    }
    if (length == bounds[region].length) {
      bounds[region] = Arrays.copyOf(bounds[region], 2 * length);
    }
    bounds[region][length] = offsetBytes;
    bounds[region][length + 1] = end;
    lengths[region] = length + 2;
  }

  /** Returns the number of regions. */
  public int regionCount() {
    return bounds.length;
  }

  /** Returns the number of ranges of a region. */
  public int count(final int region) {
    return lengths[region] / 2;
  }

  /** Returns the number of ranges of all regions. */
  public int count() {
    return Arrays.stream(lengths).sum() / 2;
  }

  /** Returns where a range starts, in bytes. */
  public long offsetBytes(final int region, final int index) {
    return bounds[region][2 * index];
  }

  /** Returns where a range ends, in bytes. */
  public long endBytes(final int region, final int index) {
    return bounds[region][2 * index + 1];
  }

  /** Returns how long a range is, in bytes. */
  public long lengthBytes(final int region, final int index) {
    return endBytes(region, index) - offsetBytes(region, index);
  }

  /** Returns the length of all ranges together, in bytes. */
  public long totalBytes() {
    long total = 0;
    for (int region = 0; region < bounds.length; region++) {
      for (int i = 0; i < lengths[region]; i += 2) {
        total += bounds[region][i + 1] - bounds[region][i];
      }
    }
    return total;
  }

  /** Returns whether there is no range. */
  public boolean isEmpty() {
    return count() == 0;
  }

  /** Returns what is in this set and not in the other. */
  public Extents minus(final Extents other) {
    final Extents result = new Extents(bounds.length);
    for (int region = 0; region < bounds.length; region++) {
      int k = 0;
      for (int i = 0; i < count(region); i++) {
        long at = offsetBytes(region, i);
        final long end = endBytes(region, i);
        while (k < other.count(region) && other.endBytes(region, k) <= at) {
          k++;
        }
        for (int m = k; m < other.count(region) && other.offsetBytes(region, m) < end; m++) {
          if (other.offsetBytes(region, m) > at) {
            result.add(region, at, other.offsetBytes(region, m) - at);
          }
          at = Math.max(at, other.endBytes(region, m));
        }
        if (at < end) {
          result.add(region, at, end - at);
        }
      }
    }
    return result;
  }

  /** Returns what is in this set, in the other, or in both. */
  public Extents plus(final Extents other) {
    final Extents result = new Extents(bounds.length);
    for (int region = 0; region < bounds.length; region++) {
      int i = 0;
      int k = 0;
      long start = -1;
      long end = -1;
      while (i < count(region) || k < other.count(region)) {
        final boolean mine =
            k == other.count(region)
                || i < count(region) && offsetBytes(region, i) <= other.offsetBytes(region, k);
        final long nextStart = mine ? offsetBytes(region, i) : other.offsetBytes(region, k);
        final long nextEnd = mine ? endBytes(region, i++) : other.endBytes(region, k++);
        if (start >= 0 && nextStart <= end) {
          end = Math.max(end, nextEnd);
        } else {
          if (start >= 0) {
            result.add(region, start, end - start);
          }
          start = nextStart;
          end = nextEnd;
        }
      }
      if (start >= 0) {
        result.add(region, start, end - start);
      }
    }
    return result;
  }
}
