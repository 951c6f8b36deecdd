package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.cli.DaemonProcess;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.QemuProcess;
import io.farpage.guest.RamBackend;
import io.farpage.guest.WriterGuest;
import io.farpage.linux.MemoryMapping;
import io.farpage.linux.ProcessFds;
import io.farpage.linux.ProcessMaps;
import io.farpage.test.Needs;
import io.farpage.test.QemuVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Real QEMUs and real daemons for one test; when it closes, everything that it started is gone, and
 * what should not be left behind is looked for.
 */
final class MigrationLab implements AutoCloseable {
  static final Duration BOOT = Duration.ofMinutes(3);
  static final Duration MIGRATION = Duration.ofMinutes(3);
  static final Duration DAEMON = Duration.ofSeconds(30);
  static final int MIB = 1 << 20;

  private final Path directory;
  private final QemuInstallation installation;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final List<Path> hugeFiles = new ArrayList<>();
  private String address = "127.0.0.1";
  private int vms;

  private MigrationLab(final QemuInstallation installation) throws IOException {
    this.installation = installation;
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "farpage-test-");
  }

  /** A lab with the system's QEMU. */
  static MigrationLab open() throws IOException {
    return open(Needs.qemu());
  }

  /** A lab with a certain QEMU. */
  static MigrationLab open(final QemuVersion version) throws IOException {
    return open(version.installation());
  }

  /** A lab with a certain QEMU. */
  static MigrationLab open(final QemuInstallation installation) throws IOException {
    Needs.root();
    return new MigrationLab(installation);
  }

  /** Has the daemons meet at another address of this machine. */
  MigrationLab on(final String otherAddress) {
    address = otherAddress;
    return this;
  }

  /** The lab's directory, on tmpfs. */
  Path directory() {
    return directory;
  }

  /** Boots a guest that writes, and waits until it does. */
  Vm source(final WriterGuest guest, final Consumer<QemuCommand.Builder> options)
      throws IOException {
    final Vm vm = start(guest, options);
    vm.qemu().awaitSerial("R", BOOT);
    return vm;
  }

  /** Starts a QEMU that waits for such a guest. */
  Vm destination(final WriterGuest guest, final Consumer<QemuCommand.Builder> options)
      throws IOException {
    return start(guest, options.andThen(QemuCommand.Builder::incoming));
  }

  /** Starts a QEMU of another version that waits for such a guest. */
  Vm destination(
      final QemuVersion version,
      final WriterGuest guest,
      final Consumer<QemuCommand.Builder> options)
      throws IOException {
    return start(version.installation(), guest, options.andThen(QemuCommand.Builder::incoming));
  }

  /** Starts a QEMU with options of its own, for guests that do not write. */
  Vm start(final WriterGuest guest, final Consumer<QemuCommand.Builder> options)
      throws IOException {
    return start(installation, guest, options);
  }

  private Vm start(
      final QemuInstallation installation,
      final WriterGuest guest,
      final Consumer<QemuCommand.Builder> options)
      throws IOException {
    final Path own = Files.createDirectory(directory.resolve("vm" + vms++));
    final QemuCommand.Builder builder =
        QemuCommand.builder(installation, own)
            .machine(MachineType.PC)
            .qmpSocket(own.resolve("qmp.sock"))
            .qmpSocket(own.resolve("test.sock"));
    if (guest != null) {
      guest.writeImage(own.resolve("guest.img"));
      builder.disk(own.resolve("guest.img")).cpus(guest.cpus());
    }
    options.accept(builder);
    final QemuProcess qemu = builder.build().start();
    started.push(qemu);
    final Vm vm = new Vm(qemu, guest);
    started.push(vm);
    return vm;
  }

  /** Gives a VM of so many MiB one RAM file of its own. */
  Consumer<QemuCommand.Builder> memory(final int sizeMib, final String name) {
    return memoryBytes((long) sizeMib * MIB, name);
  }

  /** The same, in bytes. */
  Consumer<QemuCommand.Builder> memoryBytes(final long sizeBytes, final String name) {
    return builder -> builder.memory(sizeBytes, directory.resolve(name));
  }

  /** Gives a VM a NUMA node for each size, with a RAM file of its own. */
  Consumer<QemuCommand.Builder> nodes(final String name, final long... sizesBytes) {
    return builder -> {
      for (int i = 0; i < sizesBytes.length; i++) {
        builder.backend(
            new RamBackend("ram" + i, sizesBytes[i], directory.resolve(name + "." + i)));
      }
    };
  }

  /** RAM in huge pages; there must be enough for all VMs of the test. */
  Consumer<QemuCommand.Builder> hugeMemory(final Path mount, final int sizeMib, final String name) {
    final Path file = mount.resolve(directory.getFileName() + "-" + name);
    hugeFiles.add(file);
    return builder -> builder.memory((long) sizeMib * MIB, file);
  }

  /** Starts both daemons. */
  LocalMigration begin(final Vm source, final Vm destination, final String... destinationOptions)
      throws IOException {
    return begin(List.of(), source, destination, destinationOptions);
  }

  /** Starts both daemons, that of the source with options. */
  LocalMigration begin(
      final List<String> sourceOptions,
      final Vm source,
      final Vm destination,
      final String... destinationOptions)
      throws IOException {
    final LocalMigration migration =
        LocalMigration.startSourceOn(
            address, source.qmpSocket(), directory, sourceOptions.toArray(String[]::new));
    started.push(migration);
    return migration.startDestination(destination.qmpSocket(), destinationOptions);
  }

  /** Starts one daemon beside a guest's QEMU, as an operator does. */
  DaemonProcess start(final Vm vm, final String command, final String... options)
      throws IOException {
    final List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            command,
            "--qmp=" + vm.qmpSocket(),
            "--state-dir=" + directory.resolve("state"),
            "--json"));
    arguments.addAll(List.of(options));
    return add(DaemonProcess.start(arguments, line -> {}));
  }

  /** Waits until a source's daemon listens, and returns where. */
  static int port(final DaemonProcess source) {
    return source.awaitEvent("LISTENING", data -> true, DAEMON).path("port").asInt();
  }

  /** Waits until some memory has arrived, and most has not. */
  static void awaitMidPostcopy(final DaemonProcess destination) {
    destination.awaitEvent("PROGRESS", data -> data.path("prefetched-pages").asLong() > 0, DAEMON);
  }

  /** Moves a guest, expects that all goes well, and looks for what was left behind. */
  LocalMigration.Result migrate(
      final Vm source, final Vm destination, final String... destinationOptions)
      throws IOException {
    return finish(begin(source, destination, destinationOptions), source, destination);
  }

  /** Waits until the guest runs on the destination. */
  static void awaitResume(final LocalMigration migration) {
    migration.destination().awaitEvent("RESUME", data -> true, MIGRATION);
  }

  /** Waits until all memory has arrived, expects that, and looks for what was left behind. */
  LocalMigration.Result finish(
      final LocalMigration migration, final Vm source, final Vm destination) throws IOException {
    final LocalMigration.Result result = migration.await(MIGRATION).orThrow();
    source.qemu().awaitExit(Duration.ofSeconds(10));
    requireNothingLeftIn(destination);
    requireNoState();
    return result;
  }

  /** Has something closed with the lab. */
  <T extends AutoCloseable> T add(final T resource) {
    started.push(resource);
    return resource;
  }

  /** No userfaultfd in QEMU, and each RAM file in one mapping. */
  void requireNothingLeftIn(final Vm vm) throws IOException {
    final int pid = Math.toIntExact(vm.qemu().pid());
    final List<String> left =
        ProcessFds.read(pid).values().stream().filter(fd -> fd.contains("userfaultfd")).toList();
    assertEquals(List.of(), left, "descriptors left in QEMU");
    vm.qemu()
        .command()
        .backends()
        .forEach(
            backend -> {
              try {
                final List<MemoryMapping> mappings =
                    ProcessMaps.read(pid).stream()
                        .filter(m -> m.path().equals(backend.path().toString()))
                        .toList();
                assertEquals(1, mappings.size(), "mappings of " + backend.path());
              } catch (final IOException e) {
                throw new AssertionError(e);
              }
            });
  }

  /** No journal, no socket. */
  void requireNoState() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("state"))) {
      assertEquals(List.of(), files.toList(), "left in the state directory");
    }
  }

  /** The guest still runs on the source, whole. */
  static void requireStillOn(final Vm source) throws IOException {
    assertTrue(source.qemu().isRunning(), "the source's QEMU is gone");
    assertEquals("running", source.runState());
    source.requireWriting();
    source.verify();
  }

  @Override
  public void close() throws Exception {
    while (!started.isEmpty()) {
      started.pop().close();
    }
    for (final Path file : hugeFiles) {
      Files.deleteIfExists(file);
    }
    StateDirectory.remove(directory);
  }
}
