package io.farpage.migration;

import io.farpage.linux.InjectedUserfaultfd;
import io.farpage.linux.LinuxException;
import io.farpage.linux.PidFd;
import io.farpage.linux.RamFile;
import io.farpage.linux.RemoteUserfaultfd;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.pager.FaultStripes;
import io.farpage.pager.GuestRegions;
import io.farpage.pager.StripedPlacer;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.LocalMemory;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The destination guest's RAM: this process's own mapping of it, and the userfaultfds of the VMM's,
 * one for each demand agent.
 *
 * <p>The VMM keeps its copies of the userfaultfds until {@link #release()}, so that faults go on
 * waiting when this process dies.
 */
final class DestinationRam implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DestinationRam.class);
  private static final int MODE = UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR;

  private final List<RamRegion> regions;
  private final RamFile[] files;
  private final LocalMemory memory;
  private final PageSpace space;
  private final int vmmPid;
  private List<RemoteUserfaultfd> userfaultfds = List.of();
  private FaultStripes stripes;

  private DestinationRam(final Vmm vmm) throws IOException {
    regions = vmm.ram();
    vmmPid = vmm.pid();
    files = new RamFile[regions.size()];
    final long[] addresses = new long[files.length];
    final long[] sizes = new long[files.length];
    final long[] pageSizes = new long[files.length];
    try {
      for (int i = 0; i < files.length; i++) {
        files[i] = RamFile.open(regions.get(i).path(), true);
        addresses[i] = files[i].map();
        sizes[i] = regions.get(i).sizeBytes();
        pageSizes[i] = regions.get(i).pageSizeBytes();
      }
    } catch (final IOException e) {
      closeFiles();
      throw e;
    }
    memory = new LocalMemory(addresses, sizes);
    space = new PageSpace(sizes, pageSizes);
  }

  /** Maps the RAM files of a VMM; changes nothing. */
  static DestinationRam map(final Vmm vmm) throws IOException {
    return new DestinationRam(vmm);
  }

  /**
   * Checks that the RAM fits where its files are.
   *
   * @throws MigrationException when a file system is too small
   */
  void requireSpace() throws MigrationException, IOException {
    for (int i = 0; i < files.length; i++) {
      if (!files[i].isTmpfs()) {
        continue; // hugetlbfs has reserved its pages when the VMM mapped the file
      }
      long needed = 0;
      for (int k = 0; k < files.length; k++) {
        if (files[k].devMajor() == files[i].devMajor()
            && files[k].devMinor() == files[i].devMinor()) {
          needed += regions.get(k).sizeBytes();
        }
      }
      final long free = files[i].freeBytes();
      if (free < needed) {
        throw new MigrationException(
            Outcome.REFUSED,
            "the file system of "
                + regions.get(i).path()
                + " is too small: the guest's RAM may need "
                + (needed >> 20)
                + " MiB there and "
                + (free >> 20)
                + " MiB are free; enlarge it, for example mount -o remount,size=...");
      }
    }
  }

  /** Empties the files, what the VMM's firmware left in them included. */
  void empty() throws IOException {
    for (int i = 0; i < files.length; i++) {
      files[i].punchHole(0, regions.get(i).sizeBytes());
    }
  }

  /**
   * From here on every access of the VMM to a page that is not there waits for this process.
   *
   * @param shards how many userfaultfds to share the RAM among
   */
  void intercept(final int shards) throws MigrationException, IOException {
    stripes = new FaultStripes(guestRegions(), shards);
    userfaultfds = InjectedUserfaultfd.open(vmmPid, shards);
    boolean huge = false;
    boolean shmem = false;
    for (final RamFile file : files) {
      huge |= file.isHugetlbfs();
      shmem |= !file.isHugetlbfs();
    }
    final long wanted =
        (shmem ? UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM) : 0)
            | (huge
                ? UffdFeature.mask(UffdFeature.MISSING_HUGETLBFS, UffdFeature.MINOR_HUGETLBFS)
                : 0);
    try {
      for (final Userfaultfd each : userfaultfds()) {
        each.handshake(wanted);
      }
    } catch (final LinuxException e) {
      throw new MigrationException(
          Outcome.REFUSED,
          "this kernel cannot page the guest's RAM: "
              + e.getMessage()
              + "; Linux 5.14 or newer is needed on the destination",
          e);
    }
    stripes.forEach((shard, address, length) -> local(shard).register(address, length, MODE));
  }

  /**
   * Takes up the userfaultfds that the VMM has kept since an interrupted migration.
   *
   * @param vmmUserfaultfds their numbers in the VMM, in the order of the shards
   */
  void adopt(final List<Integer> vmmUserfaultfds) throws IOException {
    stripes = new FaultStripes(guestRegions(), vmmUserfaultfds.size());
    final List<RemoteUserfaultfd> adopted = new ArrayList<>();
    userfaultfds = adopted;
    try (PidFd vmm = PidFd.open(vmmPid)) {
      for (final int fd : vmmUserfaultfds) {
        adopted.add(new RemoteUserfaultfd(Userfaultfd.adopt(vmm.getFd(fd)), vmmPid, fd));
      }
    }
  }

  /** Has every fault that waits reported again. */
  void wakeAll() throws IOException {
    try (StripedPlacer placer = placer()) {
      for (final RamRegion region : regions) {
        final int result = placer.wake(region.hostAddress(), region.sizeBytes());
        if (result < 0) {
          throw new LinuxException("UFFDIO_WAKE", -result);
        }
      }
    }
  }

  /** Gives the guest its memory back for good: nothing waits for this process any more. */
  void unregister() throws IOException {
    stripes.forEach((shard, address, length) -> local(shard).unregister(address, length));
  }

  /**
   * Closes the userfaultfds, here and in the VMM. Whoever reads them must have ended: their numbers
   * may be other files' at once.
   */
  void release() throws IOException {
    if (userfaultfds.isEmpty()) {
      return;
    }
    final int[] released = vmmUserfaultfds().stream().mapToInt(Integer::intValue).toArray();
    userfaultfds().forEach(Userfaultfd::close);
    userfaultfds = List.of();
    InjectedUserfaultfd.closeRemote(vmmPid, released);
  }

  /** Like {@link #release()}, for a VMM that may be gone or dying. */
  void releaseQuietly() {
    try {
      if (!userfaultfds.isEmpty()) {
        unregister();
      }
    } catch (final IOException e) {
      LOG.debug("the VMM is gone, or going", e);
    }
    try {
      release();
    } catch (final IOException e) {
      LOG.debug("the VMM is gone, or going", e);
    }
  }

  List<RamRegion> regions() {
    return regions;
  }

  RamFile[] files() {
    return files.clone();
  }

  LocalMemory memory() {
    return memory;
  }

  PageSpace space() {
    return space;
  }

  /** Returns this process's copies, in the order of the shards. */
  List<Userfaultfd> userfaultfds() {
    return userfaultfds.stream().map(RemoteUserfaultfd::local).toList();
  }

  /** Returns the numbers of the VMM's copies, in the order of the shards. */
  List<Integer> vmmUserfaultfds() {
    return userfaultfds.stream().map(RemoteUserfaultfd::remoteFd).toList();
  }

  /** Returns which userfaultfd has which part of the RAM. */
  FaultStripes stripes() {
    return stripes;
  }

  /** Returns a new placer for the calling thread. */
  StripedPlacer placer() {
    return new StripedPlacer(stripes, userfaultfds());
  }

  private Userfaultfd local(final int shard) {
    return userfaultfds.get(shard).local();
  }

  GuestRegions guestRegions() {
    return new GuestRegions(space, regions.stream().mapToLong(RamRegion::hostAddress).toArray());
  }

  private void closeFiles() {
    for (final RamFile file : files) {
      if (file != null) {
        file.close();
      }
    }
  }

  /** Unmaps the files and closes this process's userfaultfds; the VMM's own copies stay. */
  @Override
  public void close() {
    userfaultfds().forEach(Userfaultfd::close);
    closeFiles();
  }
}
