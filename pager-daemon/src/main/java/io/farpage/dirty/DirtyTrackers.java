package io.farpage.dirty;

import io.farpage.linux.Errno;
import io.farpage.linux.KernelVersion;
import io.farpage.linux.LinuxException;
import io.farpage.linux.PagemapScan;
import io.farpage.linux.PidFd;
import io.farpage.linux.ProcessFds;
import io.farpage.linux.RemoteUserfaultfd;
import io.farpage.linux.SoftDirty;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.PageSpace;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the way to track a guest's writes that works here. */
public final class DirtyTrackers {
  private static final long SYSTEM_PAGE_BYTES = 4096;
  private static final long LARGEST_PAGE_BYTES = 2 << 20;

  private DirtyTrackers() {}

  /** Returns the best way that this kernel has, as far as this process may ask, or {@code OFF}. */
  public static DirtyTracking best() {
    if (writeProtectProblem() == null) {
      return DirtyTracking.WP_ASYNC;
    }
    return SoftDirty.isSupported() ? DirtyTracking.SOFT_DIRTY : DirtyTracking.OFF;
  }

  /**
   * Begins to track the writes of a guest; nothing is noted before {@link DirtyTracker#arm}.
   *
   * @param space the pages of the VMM's regions, in their order
   * @param choice what the operator allows
   * @throws TrackingUnavailableException when it cannot be done here; nothing has been changed
   */
  public static DirtyTracker open(final Vmm vmm, final PageSpace space, final DirtyTracking choice)
      throws IOException {
    final String unseen = unseenWrites(vmm);
    if (choice != DirtyTracking.OFF && unseen != null) {
      throw new TrackingUnavailableException(unseen);
    }
    return switch (choice) {
      case OFF -> throw new TrackingUnavailableException("dirty tracking is switched off");
      case WP_ASYNC -> writeProtect(vmm, space);
      case SOFT_DIRTY -> softDirty(vmm, space);
      case AUTO -> {
        try {
          yield writeProtect(vmm, space);
        } catch (final TrackingUnavailableException first) {
          try {
            yield softDirty(vmm, space);
          } catch (final TrackingUnavailableException second) {
            second.addSuppressed(first);
            throw new TrackingUnavailableException(
                first.getMessage() + "; " + second.getMessage(), second);
          }
        }
      }
    };
  }

  /**
   * Says which writes to the guest's RAM the kernel would not note. A read with {@code O_DIRECT}
   * has the disk write to pages that were looked up when it began: while it is under way, no
   * tracking by page tables can tell when it does.
   *
   * @return one line that says what would help, or null when there are none
   */
  public static String unseenWrites(final Vmm vmm) throws IOException {
    final List<String> direct = ProcessFds.openForDirectIo(vmm.pid());
    return direct.isEmpty()
        ? null
        : "QEMU has "
            + direct.get(0)
            + (direct.size() == 1 ? "" : " and " + (direct.size() - 1) + " more")
            + " open with O_DIRECT (cache=none), and what is read that way is written to the"
            + " guest's RAM unseen; with cache=writeback there is a warm-up";
  }

  private static DirtyTracker writeProtect(final Vmm vmm, final PageSpace space)
      throws IOException {
    final String problem = writeProtectProblem();
    if (problem != null) {
      throw new TrackingUnavailableException(problem);
    }
    for (final RamRegion region : vmm.ram()) {
      if (region.pageSizeBytes() > LARGEST_PAGE_BYTES) {
        throw new TrackingUnavailableException(
            WriteProtectTracker.NAME
                + ": RAM "
                + region.id()
                + " has pages of "
                + (region.pageSizeBytes() >> 20)
                + " MiB, which the kernel cannot watch one by one; use pages of 2 MiB");
      }
    }
    try {
      return WriteProtectTracker.open(vmm, space);
    } catch (final LinuxException e) {
      if (e.errno() == Errno.ESRCH) {
        throw e;
      }
      throw new TrackingUnavailableException(
          WriteProtectTracker.NAME
              + ": "
              + (e.errno() == Errno.EBUSY
                  ? "another userfaultfd watches the guest's RAM (a migration or a background"
                      + " snapshot of QEMU, or another Farpage); let it end first"
                  : e.getMessage()),
          e);
    }
  }

  /** What keeps this kernel, or this process, from it; null for nothing. */
  private static String writeProtectProblem() {
    try {
      final Set<UffdFeature> features = Userfaultfd.availableFeatures();
      if (PagemapScan.isSupported()
          && features.containsAll(UffdFeature.of(WriteProtectTracker.features()))) {
        return null;
      }
      return WriteProtectTracker.NAME
          + ": kernel "
          + KernelVersion.running().release()
          + " cannot note writes; Linux 6.7 or newer can";
    } catch (final LinuxException e) {
      return WriteProtectTracker.NAME + ": " + e.getMessage();
    }
  }

  private static DirtyTracker softDirty(final Vmm vmm, final PageSpace space) throws IOException {
    for (final RamRegion region : vmm.ram()) {
      if (region.pageSizeBytes() > SYSTEM_PAGE_BYTES) {
        throw new TrackingUnavailableException(
            SoftDirtyTracker.NAME
                + ": RAM "
                + region.id()
                + " is on hugetlbfs, which has no soft-dirty bits; use tmpfs");
      }
    }
    if (!SoftDirty.isSupported()) {
      throw new TrackingUnavailableException(
          SoftDirtyTracker.NAME + ": this kernel was built without CONFIG_MEM_SOFT_DIRTY");
    }
    try {
      return SoftDirtyTracker.open(vmm, space);
    } catch (final LinuxException e) {
      if (e.errno() == Errno.ESRCH) {
        throw e;
      }
      throw new TrackingUnavailableException(SoftDirtyTracker.NAME + ": " + e.getMessage(), e);
    }
  }

  /**
   * Takes off the tracking that a Farpage left behind when it was killed: nobody else has the
   * kernel note writes in this way.
   */
  public static void removeLeftOvers(final Vmm vmm) throws IOException {
    for (final Map.Entry<Integer, String> open : ProcessFds.read(vmm.pid()).entrySet()) {
      if (open.getValue().contains("userfaultfd")) {
        removeLeftOver(vmm, open.getKey());
      }
    }
  }

  /**
   * Takes off one tracking.
   *
   * @param vmmUserfaultfd the number of a descriptor in the VMM; when it is not that of a tracking,
   *     nothing is done
   * @return whether it was one
   */
  static boolean removeLeftOver(final Vmm vmm, final int vmmUserfaultfd) throws IOException {
    if (vmmUserfaultfd < 0) {
      return false;
    }
    final long features = ProcessFds.userfaultfdFeatures(vmm.pid(), vmmUserfaultfd);
    // One that pages a guest must stay: without it the guest would read zeros.
    if (features < 0 || !UffdFeature.WP_ASYNC.in(features)) {
      return false;
    }
    try (PidFd process = PidFd.open(vmm.pid())) {
      WriteProtectTracker.takeOff(
          new RemoteUserfaultfd(
              Userfaultfd.adopt(process.getFd(vmmUserfaultfd)), vmm.pid(), vmmUserfaultfd),
          vmm.ram());
    }
    return true;
  }
}
