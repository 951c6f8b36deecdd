package io.farpage.prefetch;

/** A set of pages that is computed, 64 pages at a time; laid out as {@link PageBits} is. */
@FunctionalInterface
interface PageWords {
  /** Returns the pages of one word that are in the set; bits past the last page do not matter. */
  long word(long wordNumber);

  /**
   * Returns the first page of the set from {@code from} (inclusive) to {@code to} (exclusive), or
   * -1.
   */
  default long next(final long from, final long to) {
    for (long page = from; page < to; page = (page | 63) + 1) {
      final long in = word(page >> 6) & PageBits.maskFrom(page, to);
      if (in != 0) {
        return (page & ~63L) + Long.numberOfTrailingZeros(in);
      }
    }
    return -1;
  }

  /** Returns the end (exclusive, at most {@code limit}) of the run of the set's pages at a page. */
  default long runEnd(final long from, final long limit) {
    for (long page = from; page < limit; page = (page | 63) + 1) {
      final long out = ~word(page >> 6) & PageBits.maskFrom(page, limit);
      if (out != 0) {
        return (page & ~63L) + Long.numberOfTrailingZeros(out);
      }
    }
    return limit;
  }

  /**
   * Returns the last page of the set from {@code from} (inclusive) to {@code to} (exclusive), or
   * -1.
   */
  default long previous(final long from, final long to) {
    for (long end = to; end > from; end = (end - 1) & ~63L) {
      final long wordStart = (end - 1) & ~63L;
      final long in = word(wordStart >> 6) & PageBits.maskFrom(Math.max(from, wordStart), end);
      if (in != 0) {
        return wordStart + 63 - Long.numberOfLeadingZeros(in);
      }
    }
    return -1;
  }

  /**
   * Returns the start (inclusive, at least {@code limit}) of the run of the set's pages that ends
   * before {@code end}.
   */
  default long runStart(final long end, final long limit) {
    for (long to = end; to > limit; to = (to - 1) & ~63L) {
      final long wordStart = (to - 1) & ~63L;
      final long out = ~word(wordStart >> 6) & PageBits.maskFrom(Math.max(limit, wordStart), to);
      if (out != 0) {
        return wordStart + 64 - Long.numberOfLeadingZeros(out);
      }
    }
    return limit;
  }

  /** Returns how many bytes the set's pages have, each region with its own page size. */
  default long bytes(final PageSpace space) {
    long bytes = 0;
    for (int region = 0; region < space.regionCount(); region++) {
      long pages = 0;
      final long end = space.endPage(region);
      for (long page = space.firstPage(region); page < end; page = (page | 63) + 1) {
        pages += Long.bitCount(word(page >> 6) & PageBits.maskFrom(page, end));
      }
      bytes += pages * space.pageSizeBytes(region);
    }
    return bytes;
  }
}
