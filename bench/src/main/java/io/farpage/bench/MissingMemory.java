package io.farpage.bench;

import io.farpage.linux.RamFile;
import io.farpage.linux.Userfaultfd;
import io.farpage.pager.GuestRegions;
import io.farpage.pager.PagerContext;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.SweepPolicy;
import io.farpage.transport.PageLane;

/** What the agents need for one region of which nothing has arrived, and all of which is data. */
final class MissingMemory {
  static final int PAGE_BYTES = 4096;

  private MissingMemory() {}

  /**
   * Describes such a region.
   *
   * @param file its memory
   * @param userfaultfd that the whole region is registered with
   * @param address where who faults maps it
   * @param demandLane for pages that are waited for
   * @param bulkLane for pages fetched ahead
   * @param chunkBytes length of one bulk read
   */
  static PagerContext context(
      final RamFile file,
      final Userfaultfd userfaultfd,
      final long address,
      final PageLane demandLane,
      final PageLane bulkLane,
      final long chunkBytes) {
    final long lengthBytes = file.sizeBytes();
    final PageSpace space = new PageSpace(new long[] {lengthBytes}, new long[] {PAGE_BYTES});
    final long pages = lengthBytes / PAGE_BYTES;
    final PageMap map = new PageMap(PageBits.allocate(pages));
    final PageOrigins origins = new PageOrigins(pages);
    origins.addData(0, pages);
    origins.complete();
    return new PagerContext()
        .userfaultfd(userfaultfd)
        .regions(new GuestRegions(space, new long[] {address}))
        .files(new RamFile[] {file})
        .map(map)
        .origins(origins)
        .demandLane(demandLane)
        .bulkLane(bulkLane)
        .policy(new SweepPolicy(new MissingPages(space, map, origins)))
        .chunkBytes(chunkBytes)
        .conclude();
  }
}
