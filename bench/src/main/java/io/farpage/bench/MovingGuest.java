package io.farpage.bench;

import io.farpage.cli.LocalMigration;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.QemuProcess;
import io.farpage.linux.MemoryMapping;
import io.farpage.linux.ProcessFds;
import io.farpage.linux.ProcessMaps;
import io.farpage.migration.StateDirectory;
import io.farpage.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A guest that is moved from QEMU to QEMU, and the QEMU that it lives in at the moment. */
final class MovingGuest {
  private static final Duration QMP_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration MIGRATION_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration EXIT_TIMEOUT = Duration.ofSeconds(20);

  private final Testbed testbed;
  private final QemuInstallation installation;
  private final long memoryBytes;
  private final Consumer<QemuCommand.Builder> options;
  private QemuProcess qemu;
  private QmpClient qmp;
  private RunStateTimes times = new RunStateTimes();

  /**
   * Boots a guest.
   *
   * @param options what its QEMUs have besides memory and monitors
   */
  MovingGuest(
      final Testbed testbed,
      final QemuInstallation installation,
      final long memoryBytes,
      final Consumer<QemuCommand.Builder> options)
      throws IOException {
    this.testbed = testbed;
    this.installation = installation;
    this.memoryBytes = memoryBytes;
    this.options = options;
    qemu = start(false);
    qmp = connect(qemu, times);
  }

  private QemuProcess start(final boolean incoming) throws IOException {
    final Path directory = testbed.newDirectory("vm");
    final QemuCommand.Builder builder =
        QemuCommand.builder(installation, directory)
            .memory(memoryBytes, directory.resolve("ram"))
            .qmpSocket(directory.resolve("qmp.sock"))
            .qmpSocket(directory.resolve("own.sock"));
    options.accept(builder);
    return testbed.add((incoming ? builder.incoming() : builder).build().start());
  }

  private static QmpClient connect(final QemuProcess qemu, final RunStateTimes times) {
    return QmpClient.connect(qemu.command().qmpSockets().get(1), QMP_TIMEOUT, times);
  }

  QemuProcess qemu() {
    return qemu;
  }

  QmpClient qmp() {
    return qmp;
  }

  /**
   * Moves the guest to a new QEMU and looks for what the migration left behind.
   *
   * @return the figures
   */
  Move move(final String... destinationOptions) throws IOException {
    final QemuProcess destination = start(true);
    final RunStateTimes destinationTimes = new RunStateTimes();
    final QmpClient destinationQmp = connect(destination, destinationTimes);
    final Path directory = testbed.newDirectory("move");
    final LocalMigration.Result result;
    try (LocalMigration migration =
        LocalMigration.startSource(qemu.command().qmpSockets().get(0), directory)) {
      result =
          migration
              .startDestination(destination.command().qmpSockets().get(0), destinationOptions)
              .await(MIGRATION_TIMEOUT)
              .orThrow();
    }
    final long resumeMicros = destinationTimes.awaitResumeMicros(QMP_TIMEOUT.toMillis());
    final long stopMicros = times.stopMicros();
    qemu.awaitExit(EXIT_TIMEOUT);
    requireNothingLeft(destination, directory.resolve("state"));
    qmp.close();
    testbed.end(qemu);
    StateDirectory.remove(qemu.command().directory());
    StateDirectory.remove(directory);
    qemu = destination;
    qmp = destinationQmp;
    times = destinationTimes;
    return new Move((resumeMicros - stopMicros) / 1e3, result.report());
  }

  private static void requireNothingLeft(final QemuProcess destination, final Path state)
      throws IOException {
    final int pid = Math.toIntExact(destination.pid());
    final List<String> descriptors =
        ProcessFds.read(pid).values().stream().filter(d -> d.contains("userfaultfd")).toList();
    if (!descriptors.isEmpty()) {
      throw new IOException("descriptors left in QEMU: " + descriptors);
    }
    final String ram = destination.command().backends().get(0).path().toString();
    final List<MemoryMapping> mappings =
        ProcessMaps.read(pid).stream().filter(m -> m.path().equals(ram)).toList();
    if (mappings.size() != 1) {
      throw new IOException("QEMU's RAM is left in pieces: " + mappings);
    }
    try (Stream<Path> files = Files.list(state)) {
      final List<Path> left = files.toList();
      if (!left.isEmpty()) {
        throw new IOException("left in the state directory: " + left);
      }
    }
  }
}
