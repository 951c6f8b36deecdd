package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;
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
  private final List<Host> hosts;
  private final long memoryBytes;
  private final Consumer<QemuCommand.Builder> options;
  private int moves;
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
    this(testbed, installation, List.of(Host.HERE), memoryBytes, options);
  }

  /**
   * Boots a guest on the first of some hosts; each move takes it to the next.
   *
   * @param options what its QEMUs have besides memory and monitors
   */
  MovingGuest(
      final Testbed testbed,
      final QemuInstallation installation,
      final List<Host> hosts,
      final long memoryBytes,
      final Consumer<QemuCommand.Builder> options)
      throws IOException {
    this.hosts = List.copyOf(hosts);
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
            .under((incoming ? nextHost() : host()).command())
            .memory(memoryBytes, directory.resolve("ram"))
            .qmpSocket(directory.resolve("qmp.sock"))
            .qmpSocket(directory.resolve("own.sock"));
    options.accept(builder);
    return testbed.add((incoming ? builder.incoming() : builder).build().start());
  }

  private static QmpClient connect(final QemuProcess qemu, final RunStateTimes times) {
    return QmpClient.connect(qemu.command().qmpSockets().get(1), QMP_TIMEOUT, times);
  }

  private Host host() {
    return hosts.get(moves % hosts.size());
  }

  private Host nextHost() {
    return hosts.get((moves + 1) % hosts.size());
  }

  QemuProcess qemu() {
    return qemu;
  }

  QmpClient qmp() {
    return qmp;
  }

  /** Moves the guest to a new QEMU by daemons without further options. */
  Move move() throws IOException {
    return move(new DaemonOptions());
  }

  /**
   * Moves the guest to a new QEMU and looks for what the migration left behind.
   *
   * @param daemonOptions what its daemons are started with
   * @return the figures
   */
  Move move(final DaemonOptions daemonOptions) throws IOException {
    return move(daemonOptions, MoveObserver.NONE);
  }

  /** The same, looked at by somebody. */
  Move move(final DaemonOptions daemonOptions, final MoveObserver observer) throws IOException {
    final QemuProcess destination = start(true);
    final RunStateTimes destinationTimes = new RunStateTimes();
    final QmpClient destinationQmp = connect(destination, destinationTimes);
    final Path directory = testbed.newDirectory("move");
    observer.onBegin(destination.command(), destinationTimes);
    final LocalMigration.Result result;
    try (LocalMigration migration =
        LocalMigration.startSourceOn(
            new LocalMigration.Hosts(host().address(), host().command(), nextHost().command()),
            qemu.command().qmpSockets().get(0),
            directory,
            daemonOptions.source())) {
      migration.startDestination(
          destination.command().qmpSockets().get(0), daemonOptions.destination());
      // the source waits for another destination where this one was refused
      if (migration.destination().awaitExit(MIGRATION_TIMEOUT) != 0) {
        throw new IOException(
            "the destination's daemon failed: " + migration.destination().output());
      }
      result = migration.await(MIGRATION_TIMEOUT).orThrow();
    }
    final long resumeMicros = destinationTimes.awaitResumeMicros(QMP_TIMEOUT.toMillis());
    final long stopMicros = times.stopMicros();
    qemu.awaitExit(EXIT_TIMEOUT);
    requireNothingLeft(destination, directory.resolve("state"));
    observer.onEnd(qemu.command());
    StateDirectory.remove(directory);
    becomes(destination, destinationQmp, destinationTimes);
    return new Move((resumeMicros - stopMicros) / 1e3, result.report(), result.destinationOutput());
  }

  /**
   * Moves the guest to a new QEMU by QEMU's own pre-copy, if that ends.
   *
   * @param patience how long it may take; after that it is cancelled, and the guest stays
   */
  QemuMove moveByQemu(final Duration patience) throws IOException {
    final QemuProcess destination = start(true);
    final RunStateTimes destinationTimes = new RunStateTimes();
    final QmpClient destinationQmp = connect(destination, destinationTimes);
    final QemuPrecopy precopy = new QemuPrecopy(qmp, destinationQmp);
    precopy.begin(nextHost().address());
    final JsonNode info = precopy.await(patience);
    if (!QemuPrecopy.isComplete(info)) {
      precopy.cancel();
      destinationQmp.close();
      testbed.end(destination);
      StateDirectory.remove(destination.command().directory());
      return new QemuMove(false, Double.NaN, info);
    }
    final long resumeMicros = destinationTimes.awaitResumeMicros(QMP_TIMEOUT.toMillis());
    final long stopMicros = times.stopMicros();
    becomes(destination, destinationQmp, destinationTimes);
    return new QemuMove(true, (resumeMicros - stopMicros) / 1e3, info);
  }

  private void becomes(
      final QemuProcess newQemu, final QmpClient newQmp, final RunStateTimes newTimes)
      throws IOException {
    qmp.close();
    testbed.end(qemu);
    StateDirectory.remove(qemu.command().directory());
    qemu = newQemu;
    qmp = newQmp;
    times = newTimes;
    moves++;
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
