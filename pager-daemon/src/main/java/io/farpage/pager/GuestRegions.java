package io.farpage.pager;

import io.farpage.prefetch.PageSpace;

/**
 * Where the guest's pages are in the VMM's address space. Immutable; allocates nothing when asked.
 */
public final class GuestRegions {
  private final PageSpace space;
  private final long[] hostAddresses;

  /**
   * Creates the table.
   *
   * @param space the numbering of the pages
   * @param hostAddresses the address at which the VMM maps the first byte of each region
   */
  public GuestRegions(final PageSpace space, final long[] hostAddresses) {
    if (hostAddresses.length != space.regionCount()) {
      throw new IllegalArgumentException("each region needs a host address");
    }
    this.space = space;
    this.hostAddresses = hostAddresses.clone();
  }

  /** Returns the numbering of the pages. */
  public PageSpace space() {
    return space;
  }

  /** Returns the VMM's address of a page. */
  public long hostAddress(final int region, final long page) {
    return hostAddresses[region] + space.offsetBytes(region, page);
  }

  /** Returns the page at a VMM address, or -1 when no region holds it. */
  public long pageAt(final long hostAddress) {
    for (int region = 0; region < hostAddresses.length; region++) {
      final long offset = hostAddress - hostAddresses[region];
      if (offset >= 0
          && offset
              < (space.endPage(region) - space.firstPage(region)) * space.pageSizeBytes(region)) {
        return space.pageAt(region, offset);
      }
    }
    return -1;
  }
}
