package io.farpage.bench;

import io.farpage.guest.Accelerator;
import io.farpage.guest.LinuxGuest;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.guest.WriterGuestVerifier;
import io.farpage.guest.WriterVerification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code farpage bench soak}: moves one guest many times in a row and verifies it after each move.
 */
@Command(
    name = "soak",
    description =
        "Moves a guest many times in a row; after each move every byte of its memory is verified,"
            + " and nothing may be left behind.",
    mixinStandardHelpOptions = true)
final class SoakCommand implements Callable<Integer> {
  private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration PROGRESS_TIMEOUT = Duration.ofMinutes(2);

  @Option(
      names = "--guests",
      split = ",",
      defaultValue = "sequential,random,stride,hot,zipf,linux",
      description =
          "sequential, random, stride, hot, zipf, idle, linux (default: ${DEFAULT-VALUE})")
  private List<String> guests;

  @Option(
      names = "--count",
      defaultValue = "100",
      description = "migrations of each guest (default: ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--accel",
      defaultValue = "tcg",
      description = "tcg or kvm (default: ${DEFAULT-VALUE})")
  private String accel;

  @Option(
      names = "--memory",
      defaultValue = "128M",
      converter = ByteSize.class,
      description = "RAM of a guest (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--range",
      defaultValue = "0",
      converter = ByteSize.class,
      description = "how much of it a writer writes to, from 16M on; 0: all")
  private long range;

  @Option(
      names = "--cpus",
      defaultValue = "1",
      description = "vCPUs of a writer (default: ${DEFAULT-VALUE})")
  private int cpus;

  @Option(
      names = "--delay",
      defaultValue = "0",
      description =
          "slows a writer down: iterations of an empty loop after each write (default:"
              + " ${DEFAULT-VALUE})")
  private int delayIterations;

  @Mixin private DaemonOptions daemons;

  @Override
  public Integer call() throws IOException {
    final QemuInstallation installation =
        QemuInstallation.system().orElseThrow(() -> new IOException("no QEMU found"));
    int verified = 0;
    for (final String guest : guests) {
      final long begin = System.nanoTime();
      final List<Double> downtimes =
          guest.equals("linux") ? soakLinux(installation) : soakWriter(installation, guest);
      System.out.printf(
          Locale.ROOT,
          "%s (%s): %d migrations, all verified, nothing left behind; median downtime %.1f ms; %d"
              + " s%n",
          guest,
          accel,
          downtimes.size(),
          Median.of(downtimes),
          (System.nanoTime() - begin) / 1_000_000_000);
      verified += downtimes.size();
    }
    System.out.printf("%d migrations verified in all%n", verified);
    return 0;
  }

  private List<Double> soakWriter(final QemuInstallation installation, final String pattern)
      throws IOException {
    final WriterGuest.Builder builder =
        WriterGuest.builder(MachineType.PC, memory)
            .pattern(WritePattern.valueOf(pattern.toUpperCase(Locale.ROOT)))
            .cpus(cpus)
            .delayIterations(delayIterations)
            .stepsPerDot(1 << 8);
    if (range > 0) {
      builder.range(16L << 20, range);
    }
    final WriterGuest guest = builder.build();
    final List<Double> downtimes = new ArrayList<>();
    final Path directory;
    try (Testbed testbed = Testbed.open()) {
      directory = testbed.directory();
      final Path image = testbed.newDirectory("image").resolve("guest.img");
      guest.writeImage(image);
      final MovingGuest moving =
          new MovingGuest(
              testbed,
              installation,
              memory,
              b ->
                  b.accelerator(Accelerator.valueOf(accel.toUpperCase(Locale.ROOT)))
                      .cpus(cpus)
                      .disk(image));
      moving.qemu().awaitSerial("R", BOOT_TIMEOUT);
      long steps = -1;
      for (int i = 1; i <= count; i++) {
        final Move move = moving.move(daemons);
        downtimes.add(move.downtimeMs());
        if (guest.pattern() != WritePattern.IDLE) {
          moving.qemu().awaitSerial(".", PROGRESS_TIMEOUT);
        }
        moving.qmp().execute("stop");
        final WriterVerification result =
            new WriterGuestVerifier(guest).verify(moving.qemu().memory()).orThrow();
        if (guest.pattern() != WritePattern.IDLE && result.steps() <= steps) {
          throw new IOException("the guest makes no progress: " + result);
        }
        steps = result.steps();
        moving.qmp().execute("cont");
        tell(pattern, i, move, result.pagesVerified() + " pages verified");
      }
    }
    requireNothingLeft(directory);
    return downtimes;
  }

  private List<Double> soakLinux(final QemuInstallation installation) throws IOException {
    final LinuxGuest linux =
        LinuxGuest.find()
            .orElseThrow(
                () ->
                    new IOException(
                        "no Linux guest: run pager-daemon/src/main/guest/build-linux-guest"));
    final List<Double> downtimes = new ArrayList<>();
    final Path directory;
    try (Testbed testbed = Testbed.open()) {
      directory = testbed.directory();
      final MovingGuest moving =
          new MovingGuest(
              testbed,
              installation,
              Math.max(memory, 256L << 20),
              b -> {
                b.cpus(2);
                linux.bootAndWorkIn(b, 50, 2);
              });
      moving.qemu().awaitSerial("MEMWORK OK pass", BOOT_TIMEOUT);
      for (int i = 1; i <= count; i++) {
        final Move move = moving.move(daemons);
        downtimes.add(move.downtimeMs());
        moving.qemu().awaitSerial("MEMWORK OK pass", PROGRESS_TIMEOUT);
        final String serial = moving.qemu().serial();
        if (serial.contains("MISMATCH") || serial.contains("panic")) {
          throw new IOException("the Linux guest is hurt: " + serial);
        }
        tell("linux", i, move, "its own checks passed");
      }
    }
    requireNothingLeft(directory);
    return downtimes;
  }

  private void tell(final String guest, final int number, final Move move, final String verified) {
    System.out.printf(
        Locale.ROOT,
        "%s %d/%d: downtime %.1f ms, total %.0f ms, %d demand faults, %s%n",
        guest,
        number,
        count,
        move.downtimeMs(),
        move.report().path("total-time").asDouble(),
        move.report().path("farpage").path("demand-faults").asLong(),
        verified);
  }

  /** No RAM file, no process of this program. */
  private static void requireNothingLeft(final Path directory) throws IOException {
    if (Files.exists(directory)) {
      throw new IOException("left behind: " + directory);
    }
    final List<String> processes =
        ProcessHandle.current().descendants().map(p -> p.info().commandLine().orElse("?")).toList();
    if (!processes.isEmpty()) {
      throw new IOException("processes left: " + processes);
    }
  }
}
