package io.farpage.prefetch;

/**
 * Fetches what the guest writes most often first, and then sweeps.
 *
 * <p>After a warm-up, what is missing is mostly what the guest kept writing: it will touch the
 * hottest of it within moments. Pages are taken in classes of heat; within a class the sweep goes
 * on from the last page that the guest waited for, as {@link SweepPolicy} does, which also takes
 * over when no hot page is missing. The heat is that of dynamic page transfer reordering (Svärd et
 * al., CloudCom 2011), with the order turned round: there the hottest pages go last because the
 * guest still runs on the source.
 *
 * <p>Heat must not change any more, and the list of data must be complete: a class is searched no
 * more once it had nothing missing. Should a failed read give pages back to it, the sweep fetches
 * them.
 */
public final class HotFirstPolicy implements PrefetchPolicy {
  private static final int[] CLASS_STARTS = {128, 32, 1};

  /** One longer read costs less than two: so much colder memory may lie between hot pages. */
  private static final long MAX_GAP_BYTES = 16 * 1024;

  private final MissingPages missing;
  private final PageHeat heat;
  private final SweepPolicy sweep;
  private final PageWords hot = this::hotWord;
  private int heatClass;
  private long cursor;

  /** Creates a policy that begins with the hottest class, at the first page. */
  public HotFirstPolicy(final MissingPages missing, final PageHeat heat) {
    this.missing = missing;
    this.heat = heat;
    sweep = new SweepPolicy(missing);
  }

  @Override
  public void onDemandFault(final long page) {
    cursor = page + 1;
    sweep.onDemandFault(page);
  }

  @Override
  public boolean next(final PageRun run, final long maxLengthBytes) {
    return nextHot(run, maxLengthBytes) || sweep.next(run, maxLengthBytes);
  }

  /** Proposes the next run that begins with a hot page; returns false when none is missing. */
  boolean nextHot(final PageRun run, final long maxLengthBytes) {
    while (heatClass < CLASS_STARTS.length) {
      final long pageCount = missing.space().pageCount();
      long first = hot.next(cursor, pageCount);
      if (first < 0) {
        first = hot.next(0, Math.min(cursor, pageCount));
      }
      if (first >= 0) {
        propose(run, first, maxLengthBytes);
        return true;
      }
      heatClass++;
    }
    return false;
  }

  private void propose(final PageRun run, final long first, final long maxLengthBytes) {
    final PageSpace space = missing.space();
    final int region = space.regionOf(first);
    final long limit =
        Math.min(space.endPage(region), first + space.pagesIn(region, maxLengthBytes));
    final long gapPages = MAX_GAP_BYTES / space.pageSizeBytes(region);
    long end = Math.max(first + 1, hot.runEnd(first, limit));
    long next;
    while ((next = hot.next(end, Math.min(limit, end + gapPages + 1))) >= 0
        && missing.runEnd(end, next) == next) {
      end = Math.max(next + 1, hot.runEnd(next, limit));
    }
    run.set(first, end - first);
    cursor = end;
  }

  private long hotWord(final long wordNumber) {
    final long pages = missing.word(wordNumber);
    return pages == 0 ? 0 : pages & heat.atLeast(wordNumber, CLASS_STARTS[heatClass]);
  }

  @Override
  public String name() {
    return "hot-first";
  }
}
