package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.ExtentsFrame;
import io.farpage.control.FrameType;
import io.farpage.linux.ProcessPagemap;
import io.farpage.linux.RamFile;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * Finds out where the stopped source's RAM files hold data, and tells the destination.
 *
 * <p>tmpfs answers by {@code SEEK_DATA}; hugetlbfs does not, so there a page counts as data when
 * the VMM has it mapped. The scan takes time in proportion to the RAM, and runs when the
 * destination resumes, not before.
 */
final class ExtentScanner {
  private final Vmm vmm;
  private final RamFile[] files;
  private final ControlChannel control;

  private final long[] found = new long[2 * ExtentsFrame.MAX_EXTENTS];
  private int foundLength;
  private long dataBytes;

  ExtentScanner(final Vmm vmm, final RamFile[] files, final ControlChannel control) {
    this.vmm = vmm;
    this.files = files;
    this.control = control;
  }

  /** Scans and sends; returns the number of bytes that hold data. */
  long scanAndSend() throws IOException {
    final List<RamRegion> regions = vmm.ram();
    for (int region = 0; region < files.length; region++) {
      if (files[region].isHugetlbfs()) {
        scanMapped(region, regions.get(region));
      } else {
        scanFile(region, regions.get(region));
      }
      send(region, region == files.length - 1);
    }
    return dataBytes;
  }

  private void scanFile(final int region, final RamRegion ram) throws IOException {
    long at = files[region].nextData(0);
    while (at < ram.sizeBytes()) {
      final long end = Math.min(files[region].nextHole(at), ram.sizeBytes());
      add(region, at, end - at);
      at = files[region].nextData(end);
    }
  }

  private void scanMapped(final int region, final RamRegion ram) throws IOException {
    try (ProcessPagemap pagemap = ProcessPagemap.open(vmm.pid())) {
      long start = -1;
      for (long at = 0; at < ram.sizeBytes(); at += ram.pageSizeBytes()) {
        final boolean data = pagemap.isPopulated(ram.hostAddress() + at);
        if (data && start < 0) {
          start = at;
        } else if (!data && start >= 0) {
          add(region, start, at - start);
          start = -1;
        }
      }
      if (start >= 0) {
        add(region, start, ram.sizeBytes() - start);
      }
    }
  }

  private void add(final int region, final long offset, final long length) throws IOException {
    found[foundLength++] = offset;
    found[foundLength++] = length;
    dataBytes += length;
    if (foundLength == found.length) {
      send(region, false);
    }
  }

  private void send(final int region, final boolean last) throws IOException {
    final byte[] payload =
        new ExtentsFrame(region, last, Arrays.copyOf(found, foundLength)).encode();
    control.send(FrameType.EXTENTS, payload, payload.length);
    foundLength = 0;
  }
}
