package io.farpage.cli;

import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.QemuProcess;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.guest.WriterGuestVerifier;
import io.farpage.guest.WriterVerification;
import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import io.farpage.migration.StateDirectory;
import io.farpage.qmp.QmpClient;
import io.farpage.transport.rdma.RdmaDevices;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code farpage demo}: two QEMUs and two daemons on this machine, and a guest that writes to its
 * memory all the time, moved from one to the other and then verified byte by byte.
 */
@Command(
    name = "demo",
    description = "Moves a real guest between two daemons on this machine and verifies its memory.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration DAEMON_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration MIGRATION_TIMEOUT = Duration.ofMinutes(10);
  private static final long RUN_ON_MS = 1000;
  private static final long BOOT_POLL_MS = 20;
  private static final long BOOT_LINE_NS = 5_000_000_000L;
  private static final long FILLED_MIB_PER_MARK = 16;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      defaultValue = "hybrid",
      description = "hybrid, postcopy or precopy")
  private String mode;

  @Option(
      names = "--accel",
      paramLabel = "A",
      defaultValue = "tcg",
      description = "tcg, which runs anywhere, or kvm")
  private String accel;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "512M",
      description = "the guest's RAM, 64M to 3G")
  private String memory;

  @Option(
      names = "--transport",
      paramLabel = "T",
      defaultValue = "tcp",
      description = "tcp or rdma")
  private String transport;

  @Option(
      names = "--pattern",
      paramLabel = "P",
      defaultValue = "random",
      description = "how the guest writes: sequential, random, stride, hot, zipf")
  private String pattern;

  @Option(names = "--report", paramLabel = "FILE", description = "as of `farpage dest`")
  private Path report;

  @Override
  public Integer call() throws IOException, InterruptedException {
    final Path directory = Files.createTempDirectory("farpage-demo-");
    final Path sourceRam = Path.of("/dev/shm", directory.getFileName() + "-source");
    final Path destinationRam = Path.of("/dev/shm", directory.getFileName() + "-dest");
    final Thread cleanUp = new Thread(() -> remove(directory, sourceRam, destinationRam));
    Runtime.getRuntime().addShutdownHook(cleanUp);
    try {
      return run(directory, sourceRam, destinationRam);
    } catch (final MigrationException e) {
      System.err.println("farpage: " + Main.oneLine(e));
      return e.outcome().exitCode();
    } catch (final IllegalStateException | IllegalArgumentException e) {
      System.err.println("farpage: demo: " + Main.oneLine(e));
      return Outcome.FAILED.exitCode();
    } finally {
      Runtime.getRuntime().removeShutdownHook(cleanUp);
      remove(directory, sourceRam, destinationRam);
    }
  }

  private int run(final Path directory, final Path sourceRam, final Path destinationRam)
      throws MigrationException, IOException, InterruptedException {
    final long sizeBytes = ByteCount.parse("--memory", memory);
    if (sizeBytes < 64 << 20 || sizeBytes > 3L << 30 || sizeBytes % 4096 != 0) {
      throw new MigrationException(Outcome.REFUSED, "--memory must be 64M to 3G, not " + memory);
    }
    final String address = address();
    final QemuInstallation installation =
        QemuInstallation.system()
            .orElseThrow(
                () ->
                    new MigrationException(
                        Outcome.REFUSED, "no QEMU found: install qemu-system-x86"));
    final Accelerator accelerator = oneOf("--accel", accel, Accelerator.class);
    final WriterGuest guest =
        WriterGuest.builder(MachineType.PC, sizeBytes)
            .pattern(oneOf("--pattern", pattern, WritePattern.class))
            .build();
    final Path image = directory.resolve("guest.img");
    guest.writeImage(image);
    say("starting a guest of %d MiB on %s (%s)", sizeBytes >> 20, installation, accel);
    try (QemuProcess source =
            qemu(
                installation,
                directory,
                "source",
                accelerator,
                sizeBytes,
                sourceRam,
                image,
                false);
        QemuProcess destination =
            qemu(
                installation,
                directory,
                "dest",
                accelerator,
                sizeBytes,
                destinationRam,
                image,
                true)) {
      awaitWriting(source);
      say("the guest writes to all of its memory (%s); moving it", pattern);
      migrate(source, destination, directory, address);
      Thread.sleep(RUN_ON_MS);
      return verify(guest, destination);
    }
  }

  /**
   * Waits until the guest has filled its memory, which takes a while where the processor is slow.
   */
  private static void awaitWriting(final QemuProcess source) throws InterruptedException {
    final long deadline = System.nanoTime() + BOOT_TIMEOUT.toNanos();
    long nextLine = System.nanoTime() + BOOT_LINE_NS;
    while (source.serial().indexOf('R') < 0) {
      if (!source.isRunning() || System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("the guest did not boot: " + source.errors());
      }
      if (System.nanoTime() - nextLine > 0) {
        nextLine += BOOT_LINE_NS;
        final long filledMib =
            source.serial().chars().filter(c -> c == 'I').count() * FILLED_MIB_PER_MARK;
        say("the guest fills its memory: %d MiB", filledMib);
      }
      Thread.sleep(BOOT_POLL_MS);
    }
  }

  private static QemuProcess qemu(
      final QemuInstallation installation,
      final Path parent,
      final String name,
      final Accelerator accelerator,
      final long sizeBytes,
      final Path ram,
      final Path image,
      final boolean incoming)
      throws IOException {
    final Path directory = Files.createDirectory(parent.resolve(name));
    final QemuCommand.Builder builder =
        QemuCommand.builder(installation, directory)
            .accelerator(accelerator)
            .memory(sizeBytes, ram)
            .disk(image)
            .qmpSocket(directory.resolve("qmp.sock"))
            .qmpSocket(directory.resolve("own.sock"));
    return (incoming ? builder.incoming() : builder).build().start();
  }

  private void migrate(
      final QemuProcess source,
      final QemuProcess destination,
      final Path directory,
      final String address)
      throws MigrationException, IOException, InterruptedException {
    final String stateDirectory = directory.resolve("state").toString();
    final List<String> both = new ArrayList<>(LocalMigration.security(address));
    both.addAll(List.of("--transport=" + transport, "--state-dir=" + stateDirectory));
    try (DaemonProcess sourceDaemon =
        DaemonProcess.start(
            with(
                both,
                "source",
                "--qmp=" + source.command().qmpSockets().get(0),
                "--listen=" + address + ":0",
                "--json"),
            line -> {})) {
      final int port =
          sourceDaemon.awaitEvent("LISTENING", data -> true, DAEMON_TIMEOUT).path("port").asInt();
      if (report != null) {
        both.add("--report=" + report);
      }
      final Process destinationDaemon =
          DaemonProcess.startInherited(
              with(
                  both,
                  "dest",
                  "--qmp=" + destination.command().qmpSockets().get(0),
                  "--source=" + address + ":" + port,
                  "--mode=" + mode));
      final int destinationExit = destinationDaemon.waitFor();
      if (destinationExit != 0) {
        throw new MigrationException(
            Stream.of(Outcome.values())
                .filter(o -> o.exitCode() == destinationExit)
                .findFirst()
                .orElse(Outcome.FAILED),
            "the destination's daemon ended with exit code " + destinationExit);
      }
      final int sourceExit = sourceDaemon.awaitExit(MIGRATION_TIMEOUT);
      if (sourceExit != 0) {
        throw new MigrationException(
            Outcome.FAILED, "the source's daemon ended: " + sourceDaemon.output());
      }
    }
  }

  /** Returns where the two daemons meet: RDMA needs an address of a device. */
  private String address() throws MigrationException {
    if (!transport.equals("rdma")) {
      return "127.0.0.1";
    }
    return RdmaDevices.addresses().stream()
        .findFirst()
        .map(InetAddress::getHostAddress)
        .orElseThrow(
            () ->
                new MigrationException(
                    Outcome.REFUSED,
                    "no RDMA device with an IPv4 address here; to see RDMA in a small virtual"
                        + " machine: ./farpage lab -- ./farpage demo --transport rdma"));
  }

  private static List<String> with(final List<String> options, final String... first) {
    final List<String> arguments = new ArrayList<>(List.of(first));
    arguments.addAll(options);
    return arguments;
  }

  private static int verify(final WriterGuest guest, final QemuProcess destination)
      throws IOException {
    try (QmpClient qmp =
        QmpClient.connect(destination.command().qmpSockets().get(1), Duration.ofSeconds(10))) {
      qmp.execute("stop");
      final WriterVerification result = new WriterGuestVerifier(guest).verify(destination.memory());
      if (!result.isGood()) {
        System.err.println("farpage: demo: the guest's memory is WRONG: " + result);
        return Outcome.FAILED.exitCode();
      }
      say(
          "memory verified: %d pages, every byte, after %d writes of the guest",
          result.pagesVerified(), result.steps());
      return Outcome.COMPLETED.exitCode();
    }
  }

  private static <E extends Enum<E>> E oneOf(
      final String option, final String value, final Class<E> type) throws MigrationException {
    for (final E constant : type.getEnumConstants()) {
      if (constant.name().equalsIgnoreCase(value)) {
        return constant;
      }
    }
    throw new MigrationException(
        Outcome.REFUSED,
        option
            + " must be one of "
            + String.join(
                ", ",
                Stream.of(type.getEnumConstants())
                    .map(c -> c.name().toLowerCase(Locale.ROOT))
                    .toList())
            + ", not "
            + value);
  }

  private static void say(final String format, final Object... arguments) {
    System.out.println(String.format(Locale.ROOT, format, arguments));
  }

  private static void remove(final Path... paths) {
    for (final Path path : paths) {
      try {
        StateDirectory.remove(path);
      } catch (final IOException | UncheckedIOException e) {
        System.err.println("farpage: demo: " + path + " could not be removed: " + e);
      }
    }
  }
}
