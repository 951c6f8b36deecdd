package io.farpage.prefetch;

/** Consecutive pages of one region; reused by its owner, so that choosing allocates nothing. */
public final class PageRun {
  private long firstPage;
  private long pageCount;

  /** Sets the run. */
  public void set(final long firstPage, final long pageCount) {
    this.firstPage = firstPage;
    this.pageCount = pageCount;
  }

  /** Returns the number of the first page. */
  public long firstPage() {
    return firstPage;
  }

  /** Returns the number of pages, at least 1. */
  public long pageCount() {
    return pageCount;
  }
}
