package io.farpage.prefetch;

/**
 * The one place that knows where a page comes from.
 *
 * <p>The source publishes its data extents while the guest is already resuming; until the list is
 * complete, a page that is not in it may still be data, so it is asked from the source.
 *
 * <p>A warm-up knows data earlier, while the guest still runs on the source: what it notes may be
 * out of date by the time the guest stops, since a guest also gives memory back. So the published
 * extents, the <em>exact</em> list, are kept apart, and replace what was noted when they are
 * complete. Extents are added by one thread; any thread may note and ask.
 */
public final class PageOrigins {
  private final PageBits data;
  private final PageBits exact;
  private final PageBits noted;
  private volatile boolean complete;

  /** Creates an empty, incomplete list for a number of pages. */
  public PageOrigins(final long pageCount) {
    data = PageBits.allocate(pageCount);
    exact = PageBits.allocate(pageCount);
    noted = PageBits.allocate(pageCount);
  }

  /**
   * Notes pages that hold data on the source now, ahead of the exact list. Not after {@link
   * #complete()} has begun: the exact list would not hold them.
   */
  public void noteData(final long firstPage, final long pageCount) {
    data.setRange(firstPage, pageCount);
    noted.setRange(firstPage, pageCount);
  }

  /** Notes a set of pages, as {@link #noteData(long, long)} does. */
  void noteData(final PageBits pages) {
    data.setAll(pages);
    noted.setAll(pages);
  }

  /** Notes some pages of one word. */
  void noteWord(final long wordNumber, final long pages) {
    data.getAndOr(wordNumber, pages);
    noted.getAndOr(wordNumber, pages);
  }

  /** Takes back that pages hold data: they may be holes by now; the exact list will tell. */
  void doubt(final long firstPage, final long pageCount) {
    data.clearRange(firstPage, pageCount);
  }

  /** Adds an extent of pages that hold data on the stopped source to the exact list. */
  public void addData(final long firstPage, final long pageCount) {
    exact.setRange(firstPage, pageCount);
    data.setRange(firstPage, pageCount);
  }

  /** Says that every data extent has been added: what is left are holes, whatever was noted. */
  public void complete() {
    for (long w = 0, n = data.wordCount(); w < n; w++) {
      data.setWord(w, exact.word(w));
    }
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

  /** Returns whether a page is in the exact list, as far as it has been added. */
  public boolean isExactData(final long page) {
    return exact.get(page);
  }

  /**
   * Returns the first page from {@code from} (inclusive) to {@code to} (exclusive) that is not in
   * the exact list, or -1. It is a hole once the last extent has been added, before {@link
   * #complete()} too.
   */
  public long nextExactHole(final long from, final long to) {
    final long hole = exact.nextClear(from, to);
    return hole < to ? hole : -1;
  }

  /** Returns the end (exclusive, at most {@code limit}) of the run of such pages at a page. */
  public long exactHoleEnd(final long from, final long limit) {
    final long next = exact.nextSet(from, limit);
    return next < 0 ? limit : next;
  }

  /**
   * Returns the first page from {@code from} (inclusive) to {@code to} (exclusive) that was ever
   * noted as data, or -1.
   */
  public long nextNoted(final long from, final long to) {
    return noted.nextSet(from, to);
  }

  /** Returns the end (exclusive, at most {@code limit}) of the run of such pages at a page. */
  public long notedEnd(final long from, final long limit) {
    return noted.nextClear(from, limit);
  }

  /** Sets in another set the pages that are in the exact list. */
  public void copyExactData(final PageBits into) {
    into.setAll(exact);
  }

  /** Returns the number of pages known to hold data. */
  public long dataPageCount() {
    return data.count();
  }

  PageBits data() {
    return data;
  }
}
