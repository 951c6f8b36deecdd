package io.farpage.prefetch;

/**
 * Goes through a recording, and merges pages that are near in both memory and time into one run.
 *
 * <p>When the guest waits again and again for pages further on in the recording, it is ahead: the
 * walk goes on from there, and comes round to what it left out.
 */
final class RecordedOrder {
  /** Pages that were touched within so many touches of each other may be merged. */
  private static final int MERGED_TOUCHES = 512;

  /** One longer read costs less than two: so much other memory may lie between recorded pages. */
  private static final long MAX_GAP_BYTES = 16 * 1024;

  /** Two faults so near in the recording tell where the guest is. */
  private static final int SAME_PLACE = 256;

  private final MissingPages missing;
  private final RecordedFaults faults;
  private int cursor;
  private int lastFault = -1;
  private boolean leftOut;

  RecordedOrder(final MissingPages missing, final RecordedFaults faults) {
    this.missing = missing;
    this.faults = faults;
  }

  boolean contains(final long page) {
    return faults.position(page) >= 0;
  }

  void onDemandFault(final long page) {
    final int position = faults.position(page);
    if (position < 0) {
      return;
    }
    if (position > cursor && lastFault >= 0 && Math.abs(position - lastFault) <= SAME_PLACE) {
      cursor = position;
      leftOut = true;
    }
    lastFault = position;
  }

  /** Proposes the next run; returns false when no recorded page is missing. */
  boolean next(final PageRun run, final long maxLengthBytes) {
    while (true) {
      for (; cursor < faults.pageCount(); cursor++) {
        final long page = faults.page(cursor);
        if (missing.next(page, page + 1) >= 0) {
          propose(run, page, maxLengthBytes);
          cursor++;
          return true;
        }
      }
      if (!leftOut) {
        return false;
      }
      leftOut = false;
      cursor = 0;
    }
  }

  private void propose(final PageRun run, final long page, final long maxLengthBytes) {
    final PageSpace space = missing.space();
    final int region = space.regionOf(page);
    final long gapPages = MAX_GAP_BYTES / space.pageSizeBytes(region);
    final long maxPages = space.pagesIn(region, maxLengthBytes);
    final long limit = Math.min(space.endPage(region), page + maxPages);
    long end = page + 1;
    for (long next = end; next < limit && next <= end + gapPages && isMissing(next); next++) {
      if (isMerged(next)) {
        end = next + 1;
      }
    }
    final long lowest = Math.max(space.firstPage(region), end - maxPages);
    long first = page;
    for (long next = first - 1;
        next >= lowest && next >= first - gapPages - 1 && isMissing(next);
        next--) {
      if (isMerged(next)) {
        first = next;
      }
    }
    run.set(first, end - first);
  }

  private boolean isMissing(final long page) {
    return missing.next(page, page + 1) >= 0;
  }

  private boolean isMerged(final long page) {
    final int position = faults.position(page);
    return position >= 0 && Math.abs(position - cursor) <= MERGED_TOUCHES;
  }
}
