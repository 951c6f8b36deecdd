package io.farpage.prefetch;

/**
 * The pages that still have to be fetched from the source: data there, and claimed by nobody here.
 *
 * <p>A view of a {@link PageMap} and {@link PageOrigins}; it allocates nothing. Answers may be out
 * of date at once, since other threads claim pages: a claim decides.
 */
public final class MissingPages {
  private final PageSpace space;
  private final PageMap map;
  private final PageOrigins origins;

  /** Creates the view. */
  public MissingPages(final PageSpace space, final PageMap map, final PageOrigins origins) {
    this.space = space;
    this.map = map;
    this.origins = origins;
  }

  /** Returns the numbering of the pages. */
  public PageSpace space() {
    return space;
  }

  /**
   * Returns the first missing page from {@code from} (inclusive) to {@code to} (exclusive), or -1.
   */
  public long next(final long from, final long to) {
    for (long page = from; page < to; page = (page | 63) + 1) {
      final long missing = missingWord(page >> 6) & PageBits.maskFrom(page, to);
      if (missing != 0) {
        return (page & ~63L) + Long.numberOfTrailingZeros(missing);
      }
    }
    return -1;
  }

  /** Returns the end (exclusive, at most {@code limit}) of the run of missing pages at a page. */
  public long runEnd(final long from, final long limit) {
    long page = from;
    while (page < limit) {
      final long present = ~missingWord(page >> 6) & PageBits.maskFrom(page, limit);
      if (present != 0) {
        return (page & ~63L) + Long.numberOfTrailingZeros(present);
      }
      page = (page | 63) + 1;
    }
    return limit;
  }

  /** Returns how many data pages are not yet received, in flight or not. */
  public long notReceivedCount() {
    long count = 0;
    final PageBits received = map.receivedBits();
    final PageBits data = origins.data();
    for (long w = 0, n = data.wordCount(); w < n; w++) {
      count += Long.bitCount(data.word(w) & ~received.word(w));
    }
    return count;
  }

  /** Returns how many bytes of data the source has, as far as is known. */
  public long dataBytes() {
    return bytes(false);
  }

  /** Returns how many bytes of data are not yet received. */
  public long notReceivedBytes() {
    return bytes(true);
  }

  private long bytes(final boolean notReceivedOnly) {
    long bytes = 0;
    for (int region = 0; region < space.regionCount(); region++) {
      long pages = 0;
      final long end = space.endPage(region);
      for (long page = space.firstPage(region); page < end; page = (page | 63) + 1) {
        final long word = page >> 6;
        final long wanted = notReceivedOnly ? ~map.receivedBits().word(word) : -1L;
        pages += Long.bitCount(origins.data().word(word) & wanted & PageBits.maskFrom(page, end));
      }
      bytes += pages * space.pageSizeBytes(region);
    }
    return bytes;
  }

  private long missingWord(final long wordNumber) {
    return origins.data().word(wordNumber) & ~map.claimedBits().word(wordNumber);
  }
}
