package io.farpage.migration;

import io.farpage.linux.RamFile;
import io.farpage.pager.GuestRegions;
import io.farpage.pager.StripedPlacer;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageSpace;
import java.io.IOException;

/**
 * Frees what a warm-up left in the RAM file where the source has a hole now: the guest has given
 * those pages back since they were read, and must find zeros there.
 *
 * <p>Each page is claimed for that time, so that nobody fills it meanwhile; a fault on it comes
 * again afterwards, and is then answered as one on a hole.
 */
final class LeftOverPages {
  private final PageSpace space;
  private final GuestRegions regions;
  private final RamFile[] files;
  private final PageMap map;
  private final PageOrigins origins;
  private final boolean all;

  /**
   * Prepares it.
   *
   * @param all whether any page may be left over, because it is not known what was read; else only
   *     those that were known as data once
   */
  LeftOverPages(
      final GuestRegions regions,
      final RamFile[] files,
      final PageMap map,
      final PageOrigins origins,
      final boolean all) {
    this.regions = regions;
    this.files = files.clone();
    this.map = map;
    this.origins = origins;
    this.all = all;
    space = regions.space();
  }

  /** Frees them; the exact list of data is there, and not yet complete. */
  void free(final StripedPlacer placer) throws IOException {
    for (int region = 0; region < space.regionCount(); region++) {
      final long end = space.endPage(region);
      long page = origins.nextExactHole(space.firstPage(region), end);
      while (page >= 0) {
        final long holeEnd = origins.exactHoleEnd(page, end);
        freeWithin(region, page, holeEnd, placer);
        page = holeEnd == end ? -1 : origins.nextExactHole(holeEnd, end);
      }
    }
  }

  private void freeWithin(
      final int region, final long from, final long to, final StripedPlacer placer)
      throws IOException {
    long page = nextCandidate(from, to);
    while (page >= 0) {
      final long claimed = map.claimRun(page, candidatesEnd(page, to));
      if (claimed > 0) {
        final long length = claimed * space.pageSizeBytes(region);
        files[region].punchHole(space.offsetBytes(region, page), length);
        map.release(page, claimed);
        placer.wake(regions.hostAddress(region, page), length);
      }
      page = nextCandidate(page + Math.max(1, claimed), to);
    }
  }

  private long nextCandidate(final long from, final long to) {
    return all ? (from < to ? from : -1) : origins.nextNoted(from, to);
  }

  private long candidatesEnd(final long from, final long to) {
    return all ? to : origins.notedEnd(from, to);
  }
}
