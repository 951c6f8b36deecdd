package io.farpage.dirty;

import io.farpage.linux.Errno;
import io.farpage.linux.InjectedUserfaultfd;
import io.farpage.linux.LinuxException;
import io.farpage.linux.PagemapScan;
import io.farpage.linux.PidFd;
import io.farpage.linux.RemoteUserfaultfd;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.Extents;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;

/**
 * Has the kernel write-protect the guest's RAM and lift the protection of a page at its first
 * write, without anybody waiting: a userfaultfd of the VMM with {@code WP_ASYNC}.
 *
 * <p>Data is protected from the start, also what the VMM has not mapped; a hole is not, and counts
 * as written once it is touched. The VMM keeps its copy of the userfaultfd, so that the tracking,
 * and what it has noted, outlive this process.
 */
final class WriteProtectTracker implements DirtyTracker {
  static final String NAME = "wp-async";

  private static final UffdFeature[] FEATURES = {
    UffdFeature.PAGEFAULT_FLAG_WP,
    UffdFeature.WP_HUGETLBFS_SHMEM,
    UffdFeature.WP_UNPOPULATED,
    UffdFeature.WP_ASYNC
  };

  /** What is protected at once: the VMM cannot change its memory map meanwhile. */
  private static final long STEP_BYTES = 256L << 20;

  /** A VMM that was killed takes a while to free its memory. */
  private static final long EXIT_MS = 10_000;

  private final PidFd process;
  private final RemoteUserfaultfd userfaultfd;
  private final PagemapScan scan;
  private final RegionPages pages;
  private final PageBits doubtful;
  private boolean lost;
  private boolean closed;

  private WriteProtectTracker(
      final PidFd process,
      final RemoteUserfaultfd userfaultfd,
      final PagemapScan scan,
      final RegionPages pages) {
    this.process = process;
    this.userfaultfd = userfaultfd;
    this.scan = scan;
    this.pages = pages;
    this.doubtful = PageBits.allocate(pages.space().pageCount());
  }

  /** Returns the mask of the features that a userfaultfd must have. */
  static long features() {
    return UffdFeature.mask(FEATURES);
  }

  /** Registers the guest's RAM; when that fails, nothing has been changed. */
  static WriteProtectTracker open(final Vmm vmm, final PageSpace space) throws IOException {
    final RegionPages pages = new RegionPages(vmm, space);
    final PidFd process = PidFd.open(vmm.pid());
    RemoteUserfaultfd userfaultfd = null;
    PagemapScan scan = null;
    try {
      scan = PagemapScan.open(vmm.pid());
      userfaultfd = InjectedUserfaultfd.open(vmm.pid());
      userfaultfd.local().handshake(features());
      for (final RamRegion region : pages.regions()) {
        userfaultfd
            .local()
            .register(region.hostAddress(), region.sizeBytes(), UffdConstants.MODE_WP);
      }
      return new WriteProtectTracker(process, userfaultfd, scan, pages);
    } catch (final IOException | RuntimeException e) {
      undo(userfaultfd, e);
      if (scan != null) {
        scan.close();
      }
      process.close();
      throw e;
    }
  }

  /** With the last copy of the userfaultfd its registrations end. */
  private static void undo(final RemoteUserfaultfd userfaultfd, final Exception reason) {
    if (userfaultfd == null) {
      return;
    }
    userfaultfd.local().close();
    try {
      InjectedUserfaultfd.closeRemote(userfaultfd.pid(), userfaultfd.remoteFd());
    } catch (final IOException e) {
      reason.addSuppressed(e);
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean rearms() {
    return true;
  }

  @Override
  public int vmmUserfaultfd() {
    return userfaultfd.remoteFd();
  }

  @Override
  public void arm(final Extents data) throws IOException {
    for (int i = 0; i < pages.regions().size(); i++) {
      final RamRegion region = pages.regions().get(i);
      final long mask = -region.pageSizeBytes();
      for (int k = 0; k < data.count(i); k++) {
        final long end = data.endBytes(i, k) + ~mask & mask;
        for (long at = data.offsetBytes(i, k) & mask; at < end; ) {
          final long step = Math.min(Math.max(STEP_BYTES, region.pageSizeBytes()), end - at);
          userfaultfd.local().writeProtect(region.hostAddress() + at, step);
          at += step;
        }
      }
    }
  }

  @Override
  public void collect(final PageBits written) throws IOException {
    try {
      pages.setTouched(written, scan::takeWritten);
      if (process.hasExited()) {
        // some kernels find nothing then, and nothing wrong with it
        throw new LinuxException("the pages of process " + process.pid(), Errno.ESRCH);
      }
    } catch (final IOException e) {
      lost = true;
      throw e;
    }
  }

  @Override
  public void collectLast(final PageBits known, final PageBits unclean) throws IOException {
    if (lost) {
      unclean.setAll(known);
      return;
    }
    doubtful.clear();
    pages.setTouched(doubtful, scan::doubtful);
    unclean.setIntersection(known, doubtful);
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      takeOff(userfaultfd, pages.regions());
    } catch (final IOException e) {
      if (!process.awaitExit(EXIT_MS)) {
        throw e;
      }
    } finally {
      scan.close();
      process.close();
    }
  }

  /** Unregisters the RAM, and closes both copies of the userfaultfd whatever happens. */
  static void takeOff(final RemoteUserfaultfd userfaultfd, final Iterable<RamRegion> regions)
      throws IOException {
    IOException failure = null;
    try (Userfaultfd local = userfaultfd.local()) {
      for (final RamRegion region : regions) {
        local.unregister(region.hostAddress(), region.sizeBytes());
      }
    } catch (final LinuxException e) {
      // closing the last copy does the same; but who asked should hear of it
      failure = e;
    }
    try {
      InjectedUserfaultfd.closeRemote(userfaultfd.pid(), userfaultfd.remoteFd());
    } catch (final LinuxException e) {
      if (failure == null) {
        failure = e;
      } else {
        failure.addSuppressed(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
