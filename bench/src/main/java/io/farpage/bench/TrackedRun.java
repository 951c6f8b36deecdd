package io.farpage.bench;

import io.farpage.dirty.DirtyTracker;
import io.farpage.dirty.DirtyTrackers;
import io.farpage.dirty.DirtyTracking;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.RunningWriter;
import io.farpage.linux.RamFile;
import io.farpage.migration.ExtentScanner;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.Extents;
import io.farpage.vmm.Qemu;
import io.farpage.vmm.RamRegion;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;

/**
 * How fast a guest wrote while its writes were tracked.
 *
 * @param writesPerSecond from before arming, so that this counts too
 * @param armMs how long arming took
 * @param scanMs how long each scan took
 * @param pages how many written pages each scan found
 */
record TrackedRun(double writesPerSecond, double armMs, List<Double> scanMs, List<Double> pages) {
  private static final Duration QMP_TIMEOUT = Duration.ofSeconds(20);

  /** Tracks the writes of a guest that runs in a QEMU. */
  static TrackedRun of(
      final QemuCommand command,
      final DirtyTracking choice,
      final MovingWriter writer,
      final Duration interval,
      final Duration time)
      throws IOException {
    try (Qemu qemu = Qemu.attach(command.qmpSockets().get(0), OptionalInt.empty(), QMP_TIMEOUT)) {
      final List<RamRegion> ram = qemu.ram();
      final PageSpace space =
          new PageSpace(
              ram.stream().mapToLong(RamRegion::sizeBytes).toArray(),
              ram.stream().mapToLong(RamRegion::pageSizeBytes).toArray());
      final RamFile[] files = new RamFile[ram.size()];
      try (DirtyTracker tracker = DirtyTrackers.open(qemu, space, choice);
          RunningWriter running = writer.open()) {
        for (int i = 0; i < files.length; i++) {
          files[i] = RamFile.open(ram.get(i).path(), false);
        }
        final Extents data = new ExtentScanner(qemu, files).scan();
        return run(tracker, data, PageBits.allocate(space.pageCount()), running, interval, time);
      } finally {
        for (final RamFile file : files) {
          if (file != null) {
            file.close();
          }
        }
      }
    }
  }

  private static TrackedRun run(
      final DirtyTracker tracker,
      final Extents data,
      final PageBits found,
      final RunningWriter writer,
      final Duration interval,
      final Duration time)
      throws IOException {
    final List<Double> scans = new ArrayList<>();
    final List<Double> pages = new ArrayList<>();
    final WriteRate rate = WriteRate.begin(writer);
    final long begin = System.nanoTime();
    tracker.arm(data);
    final double armMs = (System.nanoTime() - begin) / 1e6;
    long next = begin;
    do {
      next += interval.toNanos();
      for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      found.clear();
      final long scan = System.nanoTime();
      tracker.collect(found);
      scans.add((System.nanoTime() - scan) / 1e6);
      pages.add((double) found.count());
    } while (System.nanoTime() - begin < time.toNanos());
    return new TrackedRun(rate.end(), armMs, scans, pages);
  }
}
