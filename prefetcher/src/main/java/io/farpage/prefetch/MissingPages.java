package io.farpage.prefetch;

/**
 * The pages that still have to be fetched from the source: data there, and claimed by nobody here.
 *
 * <p>A view of a {@link PageMap} and {@link PageOrigins}; it allocates nothing. Answers may be out
 * of date at once, since other threads claim pages: a claim decides.
 */
public final class MissingPages {
  private final PageSpace space;
  private final PageBits data;
  private final PageWords allData;
  private final PageWords missing;
  private final PageWords notReceived;

  /** Creates the view. */
  public MissingPages(final PageSpace space, final PageMap map, final PageOrigins origins) {
    this.space = space;
    data = origins.data();
    final PageBits claimed = map.claimedBits();
    final PageBits received = map.receivedBits();
    allData = data::word;
    missing = w -> data.word(w) & ~claimed.word(w);
    notReceived = w -> data.word(w) & ~received.word(w);
  }

  /** Returns the numbering of the pages. */
  public PageSpace space() {
    return space;
  }

  /**
   * Returns the first missing page from {@code from} (inclusive) to {@code to} (exclusive), or -1.
   */
  public long next(final long from, final long to) {
    return missing.next(from, to);
  }

  /** Returns the end (exclusive, at most {@code limit}) of the run of missing pages at a page. */
  public long runEnd(final long from, final long limit) {
    return missing.runEnd(from, limit);
  }

  /**
   * Returns the last missing page from {@code from} (inclusive) to {@code to} (exclusive), or -1.
   */
  public long previous(final long from, final long to) {
    return missing.previous(from, to);
  }

  /**
   * Returns the start (inclusive, at least {@code limit}) of the run of missing pages that ends
   * before {@code end}.
   */
  public long runStart(final long end, final long limit) {
    return missing.runStart(end, limit);
  }

  /** Returns how many data pages are not yet received, in flight or not. */
  public long notReceivedCount() {
    long count = 0;
    for (long w = 0, n = data.wordCount(); w < n; w++) {
      count += Long.bitCount(notReceived.word(w));
    }
    return count;
  }

  /** Returns how many bytes of data the source has, as far as is known. */
  public long dataBytes() {
    return allData.bytes(space);
  }

  /** Returns how many bytes of data are not yet received. */
  public long notReceivedBytes() {
    return notReceived.bytes(space);
  }

  long word(final long wordNumber) {
    return missing.word(wordNumber);
  }
}
