package io.farpage.prefetch;

/**
 * Sweeps forward through the missing pages, and goes on from the last page that the guest waited
 * for: its neighbours are the likeliest to be wanted next.
 *
 * <p>The simplest member of the family that Hines and Gopalan describe as pre-paging with a pivot
 * (VEE 2009). At the end of the guest's memory the sweep starts again from the beginning.
 */
public final class SweepPolicy implements PrefetchPolicy {
  private final MissingPages missing;
  private long cursor;

  /** Creates a sweep that begins at the first page. */
  public SweepPolicy(final MissingPages missing) {
    this.missing = missing;
  }

  @Override
  public void onDemandFault(final long page) {
    cursor = page + 1;
  }

  @Override
  public boolean next(final PageRun run, final long maxLengthBytes) {
    final PageSpace space = missing.space();
    long first = missing.next(cursor, space.pageCount());
    if (first < 0) {
      first = missing.next(0, Math.min(cursor, space.pageCount()));
      if (first < 0) {
        return false;
      }
    }
    final int region = space.regionOf(first);
    final long limit =
        Math.min(space.endPage(region), first + space.pagesIn(region, maxLengthBytes));
    final long end = Math.max(first + 1, missing.runEnd(first, limit));
    run.set(first, end - first);
    cursor = end;
    return true;
  }

  /** Returns whether a page lies so near after the sweep's place, in its region. */
  boolean isNear(final long page, final long withinBytes) {
    return page >= cursor
        && page - cursor < missing.space().pagesIn(missing.space().regionOf(page), withinBytes);
  }

  @Override
  public String name() {
    return "sweep";
  }
}
