package io.farpage.bench;

import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.RunningWriter;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.guest.WriterGuestVerifier;
import io.farpage.guest.WriterVerification;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A writer guest that is moved about: how fast it writes is seen and set while it runs. */
final class MovingWriter {
  private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration PACING_TIME = Duration.ofMillis(500);
  private static final long SETTLE_NS = 50_000_000L;

  private final WriterGuest guest;
  private final MovingGuest vm;

  private MovingWriter(final WriterGuest guest, final MovingGuest vm) {
    this.guest = guest;
    this.vm = vm;
  }

  /**
   * Boots a guest that writes to all of its RAM, and stops it.
   *
   * @param hosts where it is, and where it is moved to and back
   */
  static MovingWriter boot(
      final Testbed testbed,
      final QemuInstallation installation,
      final Accelerator accelerator,
      final List<Host> hosts,
      final long memoryBytes,
      final WritePattern pattern)
      throws IOException {
    return boot(
        testbed,
        installation,
        hosts,
        WriterGuest.builder(MachineType.PC, memoryBytes).pattern(pattern).build(),
        memoryBytes,
        accelerator);
  }

  /**
   * Boots a guest, and stops it.
   *
   * @param hosts where it is, and where it is moved to and back
   */
  static MovingWriter boot(
      final Testbed testbed,
      final QemuInstallation installation,
      final List<Host> hosts,
      final WriterGuest guest,
      final long memoryBytes,
      final Accelerator accelerator)
      throws IOException {
    final Path image = testbed.newDirectory("image").resolve("guest.img");
    guest.writeImage(image);
    final MovingWriter writer =
        new MovingWriter(
            guest,
            new MovingGuest(
                testbed,
                installation,
                hosts,
                memoryBytes,
                builder -> builder.accelerator(accelerator).disk(image)));
    writer.vm.qemu().awaitSerial("R", BOOT_TIMEOUT);
    writer.pause();
    return writer;
  }

  MovingGuest vm() {
    return vm;
  }

  WriterGuest guest() {
    return guest;
  }

  /** Lets the guest run. */
  void run() {
    vm.qmp().execute("cont");
  }

  /** Stops the guest, so that it takes no processor. */
  void pause() {
    vm.qmp().execute("stop");
  }

  /** Makes the running guest wait so long after each write. */
  void delay(final int iterations) throws IOException {
    try (RunningWriter running = open()) {
      running.delayIterations(iterations);
    }
  }

  /** Makes the running guest write so many pages a second. */
  void pace(final double writesPerSecond) throws IOException {
    delay(Pacing.delayFor(writesPerSecond, this::rateAt));
  }

  private double rateAt(final int delayIterations) throws IOException {
    delay(delayIterations);
    LockSupport.parkNanos(SETTLE_NS);
    return Math.max(1, writesPerSecond(PACING_TIME));
  }

  /** Measures how many pages a second the running guest writes. */
  double writesPerSecond(final Duration time) throws IOException {
    try (RunningWriter running = open()) {
      return WriteRate.begin(running).end(time);
    }
  }

  /** Opens the guest's RAM where it is now. */
  RunningWriter open() throws IOException {
    return RunningWriter.open(guest, vm.qemu().command());
  }

  /** Stops the guest and compares every byte of its memory with what it must be. */
  WriterVerification verify() throws IOException {
    pause();
    return new WriterGuestVerifier(guest).verify(vm.qemu().memory()).orThrow();
  }
}
