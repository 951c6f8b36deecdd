package io.farpage.pager;

import io.farpage.linux.RamFile;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageSpace;
import java.io.IOException;

/**
 * Maps huge pages that have arrived and that the guest has not touched yet.
 *
 * <p>hugetlbfs does not tell where a file has data; who wants to know, such as the source of the
 * guest's next migration, finds it by the VMM's page table only.
 */
final class HugePageMapper {
  private final PageSpace space;
  private final PageMap map;
  private final RamFile[] files;
  private final PagePlacement placement;

  HugePageMapper(
      final PageSpace space,
      final PageMap map,
      final RamFile[] files,
      final PagePlacement placement) {
    this.space = space;
    this.map = map;
    this.files = files;
    this.placement = placement;
  }

  /** Maps those of all regions; takes a system call for each page. */
  void mapAll() throws IOException {
    for (int region = 0; region < files.length; region++) {
      if (files[region].isHugetlbfs()) {
        mapRegion(region);
      }
    }
  }

  private void mapRegion(final int region) throws IOException {
    final long end = space.endPage(region);
    long page = map.nextReceived(space.firstPage(region), end);
    while (page >= 0) {
      final long stop = map.receivedEnd(page, end);
      placement.place(region, page, stop - page);
      page = map.nextReceived(stop, end);
    }
  }
}
