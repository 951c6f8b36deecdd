package io.farpage.prefetch;

/**
 * The one place that knows where a page comes from.
 *
 * <p>The source publishes its data extents while the guest is already resuming; until the list is
 * complete, a page that is not in it may still be data, so it is asked from the source. Extents are
 * added by one thread; any thread may ask.
 */
public final class PageOrigins {
  private final PageBits data;
  private volatile boolean complete;

  /** Creates an empty, incomplete list for a number of pages. */
  public PageOrigins(final long pageCount) {
    data = PageBits.allocate(pageCount);
  }

  /** Adds an extent of pages that hold data on the source. */
  public void addData(final long firstPage, final long pageCount) {
    data.setRange(firstPage, pageCount);
  }

  /** Says that every data extent has been added: what is left are holes. */
  public void complete() {
    complete = true;
  }

  /** Returns whether every data extent is known. */
  public boolean isComplete() {
    return complete;
  }

  /** Returns where a page comes from, as far as is known. */
  public PageOrigin originOf(final long page) {
    // the order matters: `complete` is set after the last extent
    return !complete || data.get(page) ? PageOrigin.SOURCE : PageOrigin.HOLE;
  }

  /** Returns the number of pages known to hold data. */
  public long dataPageCount() {
    return data.count();
  }

  PageBits data() {
    return data;
  }
}
