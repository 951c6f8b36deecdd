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
import java.util.concurrent.locks.LockSupport;
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
  private GuestSide side;

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
    side = start(false);
  }

  private GuestSide start(final boolean incoming) throws IOException {
    final Path directory = testbed.newDirectory("vm");
    final QemuCommand.Builder builder =
        QemuCommand.builder(installation, directory)
            .under((incoming ? nextHost() : host()).command())
            .memory(memoryBytes, directory.resolve("ram"))
            .qmpSocket(directory.resolve("qmp.sock"))
            .qmpSocket(directory.resolve("own.sock"));
    options.accept(builder);
    final QemuProcess qemu = testbed.add((incoming ? builder.incoming() : builder).build().start());
    final RunStateTimes times = new RunStateTimes();
    return new GuestSide(
        qemu, QmpClient.connect(qemu.command().qmpSockets().get(1), QMP_TIMEOUT, times), times);
  }

  private Host host() {
    return hosts.get(moves % hosts.size());
  }

  private Host nextHost() {
    return hosts.get((moves + 1) % hosts.size());
  }

  QemuProcess qemu() {
    return side.qemu();
  }

  QmpClient qmp() {
    return side.qmp();
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
    final GuestSide destination = start(true);
    final Path directory = testbed.newDirectory("move");
    observer.onBegin(side, destination);
    final LocalMigration.Result result;
    try (LocalMigration migration =
        LocalMigration.startSourceOn(
            new LocalMigration.Hosts(host().address(), host().command(), nextHost().command()),
            side.qemu().command().qmpSockets().get(0),
            directory,
            daemonOptions.source())) {
      observer.onDaemon(migration.source().process().toHandle());
      migration.startDestination(
          destination.qemu().command().qmpSockets().get(0), daemonOptions.destination());
      observer.onDaemon(migration.destination().process().toHandle());
      await(migration, "setup");
      observer.onConnected();
      await(migration, "completed");
      observer.onComplete();
      // the source waits for another destination where this one was refused
      if (migration.destination().awaitExit(MIGRATION_TIMEOUT) != 0) {
        throw failed(migration);
      }
      result = migration.await(MIGRATION_TIMEOUT).orThrow();
    }
    final double downtimeMs = downtimeMs(side, destination);
    side.qemu().awaitExit(EXIT_TIMEOUT);
    requireNothingLeft(destination.qemu(), directory.resolve("state"));
    observer.onEnd(side);
    StateDirectory.remove(directory);
    becomes(destination);
    return new Move(downtimeMs, result.report(), result.destinationOutput());
  }

  /** Returns as soon as it has a status. */
  private static void await(final LocalMigration migration, final String status)
      throws IOException {
    try {
      migration
          .destination()
          .awaitEvent(
              "MIGRATION", data -> data.path("status").asText().equals(status), MIGRATION_TIMEOUT);
    } catch (final IllegalStateException e) {
      final IOException failure = failed(migration);
      failure.addSuppressed(e);
      throw failure;
    }
  }

  private static IOException failed(final LocalMigration migration) {
    return new IOException(
        "the destination's daemon failed: "
            + migration.destination().output()
            + "; the source's said: "
            + migration.source().output());
  }

  private static double downtimeMs(final GuestSide from, final GuestSide to) {
    final long resumeMicros = to.times().awaitResumeMicros(QMP_TIMEOUT.toMillis());
    return (resumeMicros - from.times().stopMicros()) / 1e3;
  }

  /**
   * Moves the guest to a new QEMU by QEMU's own pre-copy, if that ends.
   *
   * @param patience how long it may take; after that it is cancelled, and the guest stays
   */
  QemuMove moveByQemu(final Duration patience) throws IOException {
    return moveByQemu(QemuMode.PRECOPY, Duration.ZERO, patience, MoveObserver.NONE);
  }

  /**
   * Moves the guest to a new QEMU by QEMU itself, if that ends.
   *
   * @param precopy in a mode that is post-copy, how long the guest stays on the source first
   * @param patience how long it may take; after that pre-copy is cancelled, and the guest stays
   * @throws IOException also when the migration fails; the guest may be lost then
   */
  QemuMove moveByQemu(
      final QemuMode mode,
      final Duration precopy,
      final Duration patience,
      final MoveObserver observer)
      throws IOException {
    final GuestSide destination = start(true);
    observer.onBegin(side, destination);
    final QemuMigration migration = new QemuMigration(side.qmp(), destination.qmp(), mode);
    observer.onConnected();
    final long begin = System.nanoTime();
    migration.begin(nextHost().address());
    if (mode.isPostcopy()) {
      LockSupport.parkNanos(precopy.toNanos());
      migration.startPostcopy();
    }
    final JsonNode info = migration.await(patience);
    if (!QemuMigration.isComplete(info)) {
      migration.cancel();
      end(destination);
      return new QemuMove(false, Double.NaN, Double.NaN, Double.NaN, info);
    }
    final long evicted = System.nanoTime();
    if (!QemuMigration.isComplete(migration.awaitDestination(MIGRATION_TIMEOUT))) {
      throw new IOException("QEMU's migration does not end on the destination");
    }
    final long end = System.nanoTime();
    observer.onComplete();
    final double downtimeMs = downtimeMs(side, destination);
    observer.onEnd(side);
    becomes(destination);
    return new QemuMove(true, downtimeMs, (evicted - begin) / 1e6, (end - begin) / 1e6, info);
  }

  private void becomes(final GuestSide destination) throws IOException {
    end(side);
    side = destination;
    moves++;
  }

  /** Ends the guest. */
  void end() throws IOException {
    end(side);
  }

  private void end(final GuestSide old) throws IOException {
    old.qmp().close();
    testbed.end(old.qemu());
    StateDirectory.remove(old.qemu().command().directory());
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
