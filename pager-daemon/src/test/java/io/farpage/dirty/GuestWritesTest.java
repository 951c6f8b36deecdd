package io.farpage.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuProcess;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.linux.ProcessFds;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.test.Needs;
import io.farpage.test.QemuVersion;
import io.farpage.test.ShmTempDir;
import io.farpage.transport.Extents;
import io.farpage.vmm.Qemu;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tracking the writes of a real guest in a real QEMU. */
@Tag("once")
@Timeout(180)
class GuestWritesTest {
  private static final long MIB = 1 << 20;
  private static final long RAM = 64 * MIB;
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  @ParameterizedTest
  @CsvSource({"SYSTEM, TCG, RANDOM", "SYSTEM, KVM, RANDOM", "TEN, TCG, HOT", "SYSTEM, KVM, HOT"})
  void noneIsLost(
      final QemuVersion version, final Accelerator accelerator, final WritePattern pattern)
      throws Exception {
    Needs.root();
    if (accelerator == Accelerator.KVM) {
      Needs.kvm();
    }
    if (DirtyTrackers.best() != DirtyTracking.WP_ASYNC) {
      Needs.missing("a kernel that notes writes: Linux 6.7 or newer");
    }
    final Path image = directory.resolve("disk");
    final WriterGuest guest =
        WriterGuest.builder(MachineType.PC, RAM)
            .range(16 * MIB, 8 * MIB)
            .pattern(pattern)
            .stepsPerDot(1 << 10)
            .build();
    guest.writeImage(image);
    final QemuCommand command =
        QemuCommand.builder(version.installation(), directory)
            .accelerator(accelerator)
            .memory(RAM, directory.resolve("ram"))
            .disk(image)
            .daemonize() // a child of this JVM must not be traced by it
            .build();
    try (QemuProcess process = command.start()) {
      process.awaitSerial("R", SOON);
      try (Qemu qemu = Qemu.attach(command.qmpSockets().get(0), OptionalInt.empty(), SOON)) {
        final var descriptors = ProcessFds.read(qemu.pid());
        followTheGuest(process, qemu);
        assertEquals(descriptors.keySet(), ProcessFds.read(qemu.pid()).keySet());
        qemu.qmp().execute("cont");
        process.awaitSerial(".", process.serial().length(), SOON);
      }
    }
  }

  private void followTheGuest(final QemuProcess process, final Qemu qemu) throws IOException {
    final PageSpace space = new PageSpace(new long[] {RAM}, new long[] {4096});
    try (DirtyTracker tracker = DirtyTrackers.open(qemu, space, DirtyTracking.WP_ASYNC);
        RamCopy copy = new RamCopy(directory.resolve("ram"))) {
      final PageBits bits = PageBits.allocate(space.pageCount());
      for (int repetition = 0; repetition < 3; repetition++) {
        final Extents data = new Extents(1);
        data.add(0, 0, RAM);
        tracker.arm(data);
        copy.takeAll();
        long copied = 0;
        for (int round = 0; round < 100 || copied == 0 && round < 100_000; round++) {
          tracker.collect(bits);
          copied += copy.take(bits);
        }
        assertTrue(copied > 0, "the guest wrote nothing");
        qemu.qmp().execute("stop");
        final PageBits known = PageBits.allocate(space.pageCount());
        known.setRange(0, space.pageCount());
        tracker.collectLast(known, bits);
        assertTrue(bits.count() < space.pageCount() / 2, bits.count() + " pages are doubtful");
        copy.take(bits);
        assertEquals(new BitSet(), copy.wrong(), "lost writes");
        qemu.qmp().execute("cont");
        process.awaitSerial(".", process.serial().length(), SOON);
      }
    }
  }
}
