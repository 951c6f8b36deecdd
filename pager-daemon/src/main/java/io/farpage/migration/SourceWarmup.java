package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.FrameType;
import io.farpage.control.PageSetFrame;
import io.farpage.control.Tracking;
import io.farpage.dirty.DirtyTracker;
import io.farpage.dirty.DirtyTrackers;
import io.farpage.dirty.DirtyTracking;
import io.farpage.dirty.TrackingUnavailableException;
import io.farpage.linux.LinuxException;
import io.farpage.linux.RamFile;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.Extents;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source's part in a warm-up: it tells the destination where data is and what the guest writes.
 *
 * <p>Every set of written pages is collected, and tracking begun anew for its pages, before the set
 * is sent; the destination reads after it has it. So no write falls between.
 */
final class SourceWarmup implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceWarmup.class);

  /** Loops are compiled after some 60,000 turns; those over a large guest's pages have more. */
  private static final int REHEARSALS = 20;

  private static final long REHEARSAL_NS = 100_000_000L;

  private final Vmm vmm;
  private final RamFile[] files;
  private final PageServers servers;
  private final PageSpace space;
  // what the destination may have read
  private final PageBits listed;
  private final PageBits found;
  private DirtyTracker tracker;
  private ServedPages served;
  private boolean unseen;
  private long lastScanNs;

  SourceWarmup(final Vmm vmm, final RamFile[] files, final PageServers servers) {
    this.vmm = vmm;
    this.files = files.clone();
    this.servers = servers;
    final List<RamRegion> ram = vmm.ram();
    space =
        new PageSpace(
            ram.stream().mapToLong(RamRegion::sizeBytes).toArray(),
            ram.stream().mapToLong(RamRegion::pageSizeBytes).toArray());
    listed = PageBits.allocate(space.pageCount());
    found = PageBits.allocate(space.pageCount());
  }

  /**
   * Begins to track writes, and tells the destination where data is; or that it cannot be tracked.
   *
   * @return what the destination was told
   */
  Tracking begin(final ControlChannel control, final DirtyTracking allowed) throws IOException {
    final long begun = System.nanoTime();
    try {
      tracker = DirtyTrackers.open(vmm, space, allowed);
      served = new ServedPages(space, files);
      servers.listener(served);
    } catch (final TrackingUnavailableException | LinuxException e) {
      close(); // what the guest gives back cannot be watched, for one: Linux before 5.19
      final Tracking none = new Tracking(null, false, Conductor.message(e), 0);
      control.send(FrameType.TRACKING, none);
      return none;
    }
    final Extents data = new ExtentScanner(vmm, files).scan();
    tracker.arm(data);
    // what became data between the scan and now is reported as written
    for (int region = 0; region < data.regionCount(); region++) {
      for (int i = 0; i < data.count(region); i++) {
        final long first = space.pageAt(region, data.offsetBytes(region, i));
        final long last = space.pageAt(region, data.endBytes(region, i) - 1);
        listed.setRange(first, last - first + 1);
      }
    }
    rehearseLastScan();
    final Tracking tracking =
        new Tracking(tracker.name(), tracker.rearms(), null, System.nanoTime() - begun);
    control.send(FrameType.TRACKING, tracking);
    PageSetFrame.send(control, FrameType.DATA_PAGES, listed, tracking.armNs(), false);
    return tracking;
  }

  /** What is done while the guest stands still shall not be done by new code. */
  private void rehearseLastScan() throws IOException {
    final long begun = System.nanoTime();
    for (int i = 0; i < REHEARSALS && System.nanoTime() - begun < REHEARSAL_NS; i++) {
      found.clear();
      served.look(found);
      found.clear();
      tracker.collectLast(listed, found);
    }
  }

  /** Returns whether writes are being tracked. */
  boolean isTracking() {
    return tracker != null;
  }

  /** Tells what was written since the last time. */
  void scan(final ControlChannel control) throws IOException {
    final long begun = System.nanoTime();
    found.clear();
    tracker.collect(found);
    listed.setAll(found);
    final long took = System.nanoTime() - begun;
    PageSetFrame.send(control, FrameType.WRITTEN_PAGES, found, took, false);
  }

  /** Looks once more whether all writes are seen: a disk may have been plugged in meanwhile. */
  void prepareLastScan() throws IOException {
    unseen = DirtyTrackers.unseenWrites(vmm) != null;
  }

  /**
   * Tells, after the guest has stopped, which pages are not certain to be as they were read.
   *
   * @param complete whether pages that the destination has never heard of belong to it too
   * @param doubtful whether nothing can be said for certain about pages read with RDMA
   */
  void scanLast(final ControlChannel control, final boolean complete, final boolean doubtful)
      throws IOException {
    final long begun = System.nanoTime();
    found.clear();
    served.addGivenBack(found);
    PageSetFrame.send(control, FrameType.GIVEN_BACK_PAGES, found, 0, false);
    found.clear();
    if (complete) {
      tracker.collect(found); // also what has become data since the last scan
    }
    tracker.collectLast(listed, found);
    lastScanNs = System.nanoTime() - begun;
    PageSetFrame.send(control, FrameType.UNCLEAN_PAGES, found, lastScanNs, doubtful || unseen);
  }

  /** Returns how long the scan of the stopped guest took, in nanoseconds; 0 before. */
  long lastScanNs() {
    return lastScanNs;
  }

  /** Takes the tracking off the VMM; the guest may run. */
  @Override
  public synchronized void close() {
    if (tracker != null) {
      try {
        tracker.close();
      } catch (final IOException e) {
        LOG.warn("taking off the dirty tracking: {}", Conductor.message(e));
      }
      tracker = null;
    }
    if (served != null) {
      servers.listener((region, offset, length) -> {});
      served.close();
      served = null;
    }
  }
}
