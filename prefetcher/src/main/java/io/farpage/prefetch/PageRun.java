package io.farpage.prefetch;

/** Consecutive pages of one region; reused by its owner, so that the hot path need not allocate. */
public final class PageRun {
  /** The marker of a run that has none. */
  public static final long NO_MARKER = -1;

  private long firstPage;
  private long pageCount;
  private long marker = NO_MARKER;

  /** Sets a run without a marker. */
  public void set(final long first, final long count) {
    set(first, count, NO_MARKER);
  }

  /**
   * Sets the run.
   *
   * @param markerPage a page of the run, or {@link #NO_MARKER}
   */
  public void set(final long first, final long count, final long markerPage) {
    firstPage = first;
    pageCount = count;
    marker = markerPage;
  }

  /** Returns the first page's number. */
  public long firstPage() {
    return firstPage;
  }

  /** Returns the number of pages, at least 1. */
  public long pageCount() {
    return pageCount;
  }

  /**
   * Returns the page that is not mapped when it arrives, or {@link #NO_MARKER}. Its first touch is
   * a short local fault, which tells the policy that its guess was right, as the marked page of
   * Linux's readahead does.
   */
  public long marker() {
    return marker;
  }
}
