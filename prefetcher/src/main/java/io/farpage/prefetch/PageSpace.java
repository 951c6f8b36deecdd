package io.farpage.prefetch;

/**
 * The numbering of a guest's pages: regions one after the other, each with its own page size.
 *
 * <p>A page number is an index over all regions, from 0 (inclusive) to {@link #pageCount()}
 * (exclusive). Immutable; its methods allocate nothing.
 */
public final class PageSpace {
  private final long[] firstPages;
  private final int[] pageShifts;
  private final long pageCount;

  /**
   * Numbers the pages of some regions.
   *
   * @param regionSizesBytes size of each region, a positive multiple of its page size
   * @param pageSizesBytes page size of each region, a power of two
   * @throws IllegalArgumentException when a size does not fit
   */
  public PageSpace(final long[] regionSizesBytes, final long[] pageSizesBytes) {
    if (regionSizesBytes.length == 0 || regionSizesBytes.length != pageSizesBytes.length) {
      throw new IllegalArgumentException("each region needs a size and a page size");
    }
    firstPages = new long[regionSizesBytes.length + 1];
    pageShifts = new int[regionSizesBytes.length];
    for (int i = 0; i < regionSizesBytes.length; i++) {
      final long pageSize = pageSizesBytes[i];
      if (Long.bitCount(pageSize) != 1) {
        throw new IllegalArgumentException("page size " + pageSize + " is no power of two");
      }
      if (regionSizesBytes[i] <= 0 || regionSizesBytes[i] % pageSize != 0) {
        throw new IllegalArgumentException(
            "region of " + regionSizesBytes[i] + " bytes is no multiple of its page size");
      }
      pageShifts[i] = Long.numberOfTrailingZeros(pageSize);
      firstPages[i + 1] = firstPages[i] + (regionSizesBytes[i] >> pageShifts[i]);
    }
    pageCount = firstPages[regionSizesBytes.length];
  }

  /** Returns the number of pages of all regions together. */
  public long pageCount() {
    return pageCount;
  }

  /** Returns the number of regions. */
  public int regionCount() {
    return pageShifts.length;
  }

  /** Returns the number of the first page of a region. */
  public long firstPage(final int region) {
    return firstPages[region];
  }

  /** Returns the number after that of the last page of a region. */
  public long endPage(final int region) {
    return firstPages[region + 1];
  }

  /** Returns the size of one page of a region, in bytes. */
  public long pageSizeBytes(final int region) {
    return 1L << pageShifts[region];
  }

  /** Returns the region a page belongs to. */
  public int regionOf(final long page) {
    // guests have a handful of regions: a scan beats a binary search
    int region = 0;
    while (page >= firstPages[region + 1]) {
      region++;
    }
    return region;
  }

  /** Returns where a page starts within its region, in bytes. */
  public long offsetBytes(final int region, final long page) {
    return (page - firstPages[region]) << pageShifts[region];
  }

  /** Returns the number of the page that holds a byte of a region. */
  public long pageAt(final int region, final long offsetBytes) {
    return firstPages[region] + (offsetBytes >> pageShifts[region]);
  }

  /** Returns how many whole pages of a region fit into a number of bytes, at least one. */
  public long pagesIn(final int region, final long lengthBytes) {
    return Math.max(1, lengthBytes >> pageShifts[region]);
  }
}
