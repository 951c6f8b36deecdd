package io.farpage.bench;

import io.farpage.guest.Accelerator;
import io.farpage.guest.LinuxGuest;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import io.farpage.trace.FaultTrace;
import io.farpage.trace.FaultTraceWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code farpage bench record}: moves guests that fetch nothing ahead for some time, and records
 * which pages they touch in it.
 */
@Command(
    name = "record",
    description =
        "Moves guests and records which pages they touch first, as traces for `farpage bench"
            + " policies`.",
    mixinStandardHelpOptions = true)
final class RecordCommand implements Callable<Integer> {
  private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration ROUND_TIMEOUT = Duration.ofMinutes(3);
  private static final List<String> LINUX = List.of("linux", "linux-memwork");

  @Spec private CommandSpec spec;

  @Option(
      names = "--guests",
      split = ",",
      defaultValue = "sequential,stride,random,hot,zipf,linux",
      description =
          "sequential, random, stride, hot, zipf; linux runs everyday commands, linux-memwork"
              + " rewrites memory (default: ${DEFAULT-VALUE})")
  private List<String> guests;

  @Option(
      names = "--modes",
      split = ",",
      defaultValue = "postcopy",
      description = "postcopy, hybrid (default: ${DEFAULT-VALUE})")
  private List<String> modes;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "where GUEST-MODE-N.faults.gz are written")
  private Path output;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description =
          "for so long after the move nothing is fetched ahead (default: ${DEFAULT-VALUE})")
  private double seconds;

  @Option(
      names = "--count",
      defaultValue = "1",
      description = "moves of each guest, each a trace (default: ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--memory",
      defaultValue = "128M",
      converter = ByteSize.class,
      description = "RAM of a guest (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--rate",
      defaultValue = "0",
      description = "page writes a second of a writer; 0: all it can (default: ${DEFAULT-VALUE})")
  private double rate;

  @Override
  public Integer call() throws IOException {
    require(seconds > 0, "--seconds must be more than 0");
    require(count >= 1, "--count must be at least 1");
    modes.forEach(
        mode ->
            require(
                List.of("postcopy", "hybrid").contains(mode),
                "--modes: there is no " + mode + " to record"));
    Files.createDirectories(output);
    final QemuInstallation installation =
        QemuInstallation.system().orElseThrow(() -> new IOException("no QEMU found"));
    for (final String guest : guests) {
      if (LINUX.contains(guest)) {
        recordLinux(installation, guest);
      } else {
        recordWriter(installation, guest);
      }
    }
    return 0;
  }

  private void recordWriter(final QemuInstallation installation, final String name)
      throws IOException {
    final WritePattern pattern;
    try {
      pattern = WritePattern.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (final IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--guests: there is no " + name, e);
    }
    try (Testbed testbed = Testbed.open()) {
      final MovingWriter writer =
          MovingWriter.boot(
              testbed, installation, Accelerator.TCG, List.of(Host.HERE), memory, pattern);
      writer.run();
      if (rate > 0) {
        writer.pace(rate);
      }
      record(writer.vm(), name);
      writer.verify();
    }
  }

  private void recordLinux(final QemuInstallation installation, final String name)
      throws IOException {
    final LinuxGuest linux =
        LinuxGuest.find()
            .orElseThrow(
                () ->
                    new IOException(
                        "no Linux guest: run pager-daemon/src/main/guest/build-linux-guest"));
    try (Testbed testbed = Testbed.open()) {
      final MovingGuest moving = new MovingGuest(testbed, installation, memory, linux::bootIn);
      moving.qemu().awaitSerial(LinuxGuest.READY, BOOT_TIMEOUT);
      if (name.equals("linux")) {
        LinuxGuest.command(moving.qemu(), "work", ROUND_TIMEOUT);
        moving.qemu().awaitSerial(LinuxGuest.WORK_DONE, ROUND_TIMEOUT);
      } else {
        LinuxGuest.command(moving.qemu(), "start 50 1", ROUND_TIMEOUT);
        moving.qemu().awaitSerial(LinuxGuest.WORKS + " pass", ROUND_TIMEOUT);
      }
      record(moving, name);
      final String serial = moving.qemu().serial();
      if (serial.contains(LinuxGuest.MISMATCH) || serial.contains("panic")) {
        throw new IOException("the Linux guest is hurt: " + serial);
      }
    }
  }

  private void record(final MovingGuest guest, final String name) throws IOException {
    for (final String mode : modes) {
      for (int i = 1; i <= count; i++) {
        final Path raw = output.resolve(name + "-" + mode + "-" + i + ".faults");
        guest.move(
            DaemonOptions.destination(
                "--mode=" + mode,
                "--record-faults=" + raw.toAbsolutePath(),
                "--prefetch-after=" + seconds));
        cut(raw);
        final Path zipped = zip(raw);
        final FaultTrace trace = FaultTrace.read(zipped);
        System.out.printf(
            Locale.ROOT,
            "%s: %d faults, %d lost, %d of %d pages data, %d missing at the stop, %d KiB%n",
            zipped,
            trace.count(),
            trace.lostCount(),
            trace.data().count(),
            trace.space().pageCount(),
            trace.missing().count(),
            Files.size(zipped) >> 10);
      }
    }
  }

  /** Leaves out what came when something was fetched ahead: some touches were not seen then. */
  private void cut(final Path file) throws IOException {
    final FaultTrace trace = FaultTrace.read(file);
    try (FaultTraceWriter writer = FaultTraceWriter.create(file, trace.regions())) {
      for (int i = 0; i < trace.count() && trace.timeNs(i) < seconds * 1e9; i++) {
        writer.add(trace.page(i), trace.kind(i), trace.timeNs(i));
      }
      writer.end(
          trace.lostCount(),
          trace.resumeNs(),
          trace.serviceNs(),
          trace.data(),
          trace.missing(),
          trace.heat());
    }
  }

  /** Compresses a file as well as it goes, and removes it. */
  private static Path zip(final Path raw) throws IOException {
    final Path zipped = raw.resolveSibling(raw.getFileName() + ".gz");
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(zipped)) {
          {
            def.setLevel(Deflater.BEST_COMPRESSION);
          }
        }) {
      Files.copy(raw, out);
    }
    Files.delete(raw);
    return zipped;
  }

  private void require(final boolean good, final String complaint) {
    if (!good) {
      throw new ParameterException(spec.commandLine(), complaint);
    }
  }
}
