package io.farpage.migration;

import io.farpage.linux.ProcessPagemap;
import io.farpage.linux.RamFile;
import io.farpage.transport.Extents;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.util.List;

/**
 * Finds out where the source's RAM files hold data.
 *
 * <p>tmpfs answers by {@code SEEK_DATA}; hugetlbfs does not, so there a page counts as data when
 * the VMM has it mapped. A scan takes time in proportion to the RAM: never while the guest is
 * stopped and not yet resumed.
 */
public final class ExtentScanner {
  private final Vmm vmm;
  private final RamFile[] files;

  /** Creates the scanner of a VMM's RAM files, in the order of its regions. */
  public ExtentScanner(final Vmm vmm, final RamFile[] files) {
    this.vmm = vmm;
    this.files = files;
  }

  /** Scans all regions. */
  public Extents scan() throws IOException {
    final List<RamRegion> regions = vmm.ram();
    final Extents found = new Extents(files.length);
    for (int region = 0; region < files.length; region++) {
      if (files[region].isHugetlbfs()) {
        scanMapped(region, regions.get(region), found);
      } else {
        scanFile(region, regions.get(region), found);
      }
    }
    return found;
  }

  private void scanFile(final int region, final RamRegion ram, final Extents found)
      throws IOException {
    long at = files[region].nextData(0);
    while (at < ram.sizeBytes()) {
      // a guest that runs may give the page back meanwhile: then the hole begins where it was
      final long end = Math.min(files[region].nextHole(at), ram.sizeBytes());
      if (end > at) {
        found.add(region, at, end - at);
      }
      at = files[region].nextData(end);
    }
  }

  private void scanMapped(final int region, final RamRegion ram, final Extents found)
      throws IOException {
    try (ProcessPagemap pagemap = ProcessPagemap.open(vmm.pid())) {
      for (long at = 0; at < ram.sizeBytes(); at += ram.pageSizeBytes()) {
        if (pagemap.isPopulated(ram.hostAddress() + at)) {
          found.add(region, at, ram.pageSizeBytes());
        }
      }
    }
  }
}
