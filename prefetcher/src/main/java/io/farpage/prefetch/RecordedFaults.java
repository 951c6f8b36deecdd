package io.farpage.prefetch;

import java.util.Arrays;

/**
 * The pages that the guest touched in an earlier run, in the order in which it touched them first.
 *
 * <p>The run may have been of another guest, or of one of another size: pages that this guest does
 * not have are left out and counted. Immutable.
 */
public final class RecordedFaults {
  private static final int NEVER = -1;

  private final int[] pages;
  private final int[] positions;
  private final long ignoredCount;

  /**
   * Keeps a recording.
   *
   * @param space the pages of this guest, at most 2^31 - 64
   * @param recorded page numbers in the order of the recording; any number may be among them
   */
  public RecordedFaults(final PageSpace space, final long[] recorded) {
    positions = new int[Math.toIntExact(space.pageCount())];
    Arrays.fill(positions, NEVER);
    final int[] order = new int[recorded.length];
    int count = 0;
    long ignored = 0;
    for (final long page : recorded) {
      if (page < 0 || page >= positions.length) {
        ignored++;
      } else if (positions[(int) page] == NEVER) {
        positions[(int) page] = count;
        order[count++] = (int) page;
      }
    }
    pages = Arrays.copyOf(order, count);
    ignoredCount = ignored;
  }

  /** Returns how many pages were touched, each counted once. */
  public int pageCount() {
    return pages.length;
  }

  /** Returns how many records were of pages that this guest does not have. */
  public long ignoredCount() {
    return ignoredCount;
  }

  /** Returns the page that was touched as the n-th, from 0 on. */
  long page(final int position) {
    return pages[position];
  }

  /** Returns when a page was touched, as the n-th from 0 on, or -1 when it was not. */
  int position(final long page) {
    return positions[(int) page];
  }
}
