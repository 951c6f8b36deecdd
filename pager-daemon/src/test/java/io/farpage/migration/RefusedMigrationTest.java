package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.RamBackend;
import io.farpage.guest.WriterGuest;
import io.farpage.qmp.QmpClient;
import io.farpage.test.Needs;
import io.farpage.vmm.VhostUserPeer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What cannot be migrated, or not like this: one line that says what to do, the contract's exit
 * code, and a guest that runs on as if nothing had been tried.
 */
@Tag("once")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusedMigrationTest {
  private static final int REFUSED = 2;
  private static final int FAILED = 1;
  private static final int SIZE_MIB = 64;

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, (long) SIZE_MIB * MIB).stepsPerDot(1 << 14).build();
  private MigrationLab lab;
  private Vm source;
  private Untouched untouched;
  private int files;

  @BeforeAll
  void startTheSource() throws IOException {
    lab = MigrationLab.open();
    source = lab.source(guest, lab.memory(SIZE_MIB, "source"));
    untouched = Untouched.before(source);
  }

  @AfterEach
  void theGuestRunsOnAndNothingIsLeft() throws IOException {
    untouched.require();
    if (Files.exists(lab.directory().resolve("state"))) {
      lab.requireNoState();
    }
  }

  @AfterAll
  void stop() throws Exception {
    lab.close();
  }

  @Test
  void thereIsNoSuchQmpSocket() throws IOException {
    final Path nowhere = lab.directory().resolve("nowhere.sock");
    source("--qmp=" + nowhere).saying(REFUSED, nowhere.toString(), "-qmp unix:");
    destination("--qmp=" + nowhere, "--source=127.0.0.1:1")
        .saying(REFUSED, nowhere.toString(), "-qmp unix:");
  }

  @Test
  void theSocketIsNotQmp() throws IOException {
    final Path path = lab.directory().resolve("other.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      final Thread other =
          new Thread(
              () -> {
                try (SocketChannel client = server.accept()) {
                  client.write(ByteBuffer.wrap("220 mail.example ESMTP\r\n".getBytes()));
                  client.read(ByteBuffer.allocate(1));
                } catch (final IOException e) {
                  return; // the daemon has seen enough
                }
              });
      other.setDaemon(true);
      other.start();
      source("--qmp=" + path).saying(REFUSED, path.toString(), "QMP");
    } finally {
      Files.deleteIfExists(path);
    }
  }

  @Test
  void theQmpSocketIsInUse() throws IOException {
    final QmpClient other = QmpClient.connect(source.qmpSocket(), Duration.ofSeconds(10));
    try {
      source("--qmp=" + source.qmpSocket())
          .saying(REFUSED, source.qmpSocket().toString(), "another client");
    } finally {
      other.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'memory-backend-memfd,id=more,size=1M,share=on', more",
    "'memory-backend-ram,id=more,size=1M', more",
    "'memory-backend-file,id=more,size=1M,share=off,mem-path=%s/private', share=on"
  })
  void theRamIsNotAllInSharedFiles(final String backend, final String word) throws Exception {
    try (Other other =
        other(
            ram(16)
                .andThen(b -> b.paused().extra("-object", backend.replace("%s", directory()))))) {
      source("--qmp=" + other.vm().qmpSocket()).saying(REFUSED, word, "memory-backend-file");
    }
  }

  @Test
  void theRamHasNoBackend() throws Exception {
    final Path socket = lab.directory().resolve("bare.sock");
    final Process qemu =
        new ProcessBuilder(
                Needs.qemu().binary().toString(),
                "-nodefaults",
                "-display",
                "none",
                "-S",
                "-m",
                "16",
                "-qmp",
                "unix:" + socket + ",server=on,wait=off")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      Await.until("QEMU listens", () -> isListening(socket));
      source("--qmp=" + socket)
          .saying(REFUSED, "-object memory-backend-file", "share=on", "-machine memory-backend=");
    } finally {
      qemu.destroyForcibly().waitFor();
      Files.deleteIfExists(socket);
    }
  }

  @Test
  void theSizesDiffer() throws Exception {
    try (Other destination = other(ram(96).andThen(QemuCommand.Builder::incoming))) {
      bothFail(destination, "'mem' differs", "the same memory backends");
      destination.requireReleased();
    }
  }

  @Test
  void theBackendsHaveOtherNames() throws Exception {
    try (Other destination =
        other(
            b -> b.backend(new RamBackend("ram0", (long) SIZE_MIB * MIB, newFile())).incoming())) {
      bothFail(destination, "no RAM backend 'mem'", "the same memory backends");
      destination.requireReleased();
    }
  }

  @Test
  void theDestinationWasNotStartedToWait() throws Exception {
    try (Other destination = other(ram(SIZE_MIB).andThen(QemuCommand.Builder::paused))) {
      destination("--qmp=" + destination.vm().qmpSocket(), "--source=127.0.0.1:1")
          .saying(REFUSED, "-incoming defer");
    }
  }

  @Test
  void theDestinationIsAnotherMachine() throws Exception {
    try (Other destination =
        other(
            ram(SIZE_MIB).andThen(b -> b.machine(MachineType.Q35).incoming().disk(guestImage())))) {
      bothFail(destination, "same machine type and devices");
    }
  }

  /** The source's QEMU has completed its migration by then, and has to be taken back from there. */
  @Test
  void theDestinationLacksADevice() throws Exception {
    final WriterGuest small =
        WriterGuest.builder(MachineType.PC, 16L * MIB).stepsPerDot(1 << 14).build();
    final Path file = newFile();
    try (Other rich =
            Other.of(
                lab.source(
                    small,
                    b -> b.memory(16L * MIB, file).extra("-device", "virtio-balloon-pci,addr=9")));
        Other poor = Other.of(lab.destination(small, b -> b.memory(16L * MIB, newFile())))) {
      final Untouched before = Untouched.before(rich.vm());
      bothFail(rich.vm(), poor, "same machine type and devices");
      before.require();
    }
  }

  @Test
  void theSourceIsMigratingAlready() throws Exception {
    try (Other leaving = other(ram(16).andThen(QemuCommand.Builder::paused))) {
      final QmpClient qmp = leaving.vm().qmp();
      qmp.execute(
          "migrate-set-capabilities",
          Map.of(
              "capabilities",
              List.of(Map.of("capability", "pause-before-switchover", "state", true))));
      qmp.execute("migrate", Map.of("uri", "exec:cat >/dev/null"));
      Await.until(
          "the migration pauses",
          () -> qmp.execute("query-migrate").path("status").asText().equals("pre-switchover"));
      source("--qmp=" + leaving.vm().qmpSocket())
          .saying(REFUSED, "migrated already", "migrate_cancel");
    }
  }

  @Test
  void theGuestHasLeftAlready() throws Exception {
    try (Other gone = other(ram(16).andThen(QemuCommand.Builder::paused))) {
      gone.vm().qmp().execute("migrate", Map.of("uri", "exec:cat >/dev/null"));
      Await.until("the guest has left", () -> gone.vm().runState().equals("postmigrate"));
      source("--qmp=" + gone.vm().qmpSocket()).saying(REFUSED, "migrated away already");
    }
  }

  @Test
  void aDestinationIsNoSource() throws Exception {
    try (Other waiting = other(ram(16).andThen(QemuCommand.Builder::incoming))) {
      source("--qmp=" + waiting.vm().qmpSocket()).saying(REFUSED, "has no guest to move");
    }
  }

  @Test
  void aVhostUserBackendIsRefusedByName() throws Exception {
    try (VhostUserPeer peer = new VhostUserPeer();
        Other other =
            other(
                ram(16)
                    .andThen(
                        b ->
                            b.paused()
                                .extra("-chardev", "socket,id=chr0,path=" + peer.socket())
                                .extra("-netdev", "vhost-user,id=net0,chardev=chr0")))) {
      source("--qmp=" + other.vm().qmpSocket()).saying(REFUSED, "'net0' (vhost-user)");
    }
  }

  @Test
  void theFileSystemOfTheRamIsTooSmall() throws Exception {
    final Path mount = Files.createDirectory(lab.directory().resolve("small"));
    run("mount", "-t", "tmpfs", "-o", "size=32m", "farpage-test", mount.toString());
    try (Other destination =
        other(b -> b.memory((long) SIZE_MIB * MIB, mount.resolve("ram")).incoming())) {
      destination("--qmp=" + destination.vm().qmpSocket(), "--source=127.0.0.1:1")
          .saying(REFUSED, mount.toString(), "64 MiB", "remount,size=");
    } finally {
      run("umount", mount.toString());
      Files.delete(mount);
    }
  }

  @Test
  void withoutPtraceTheMessageNamesTheCapability() throws Exception {
    final List<String> withoutPtrace =
        List.of("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace");
    try (Other destination = other(ram(16).andThen(QemuCommand.Builder::incoming))) {
      Attempt.under(withoutPtrace, sourceOptions("--qmp=" + source.qmpSocket()))
          .saying(REFUSED, "CAP_SYS_PTRACE");
      Attempt.under(
              withoutPtrace,
              destinationOptions("--qmp=" + destination.vm().qmpSocket(), "--source=127.0.0.1:1"))
          .saying(REFUSED, "CAP_SYS_PTRACE");
      destination.requireReleased();
    }
  }

  /** A user without rights, who can read the program and reach the socket, and that is all. */
  @Test
  void anotherUserIsToldWhatHeLacks() throws Exception {
    final List<String> nobody =
        List.of(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--bounding-set=-all,+dac_read_search",
            "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=-all,+dac_read_search");
    Attempt.under(nobody, sourceOptions("--qmp=" + source.qmpSocket()))
        .saying(REFUSED, source.qmpSocket().toString(), "root");
    Files.setPosixFilePermissions(source.qmpSocket(), PosixFilePermissions.fromString("rwxrwxrwx"));
    Attempt.under(nobody, sourceOptions("--qmp=" + source.qmpSocket()))
        .saying(REFUSED, "CAP_SYS_PTRACE");
  }

  @Test
  void thePortIsInUse() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      final String address = "127.0.0.1:" + taken.getLocalPort();
      Attempt.of("source", "--qmp=" + source.qmpSocket(), "--listen=" + address, state())
          .saying(REFUSED, address, "in use", "another --listen");
    }
  }

  @Test
  void theSourceCannotBeReached() throws Exception {
    final int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    try (Other destination = other(ram(16).andThen(QemuCommand.Builder::incoming))) {
      destination("--qmp=" + destination.vm().qmpSocket(), "--source=127.0.0.1:" + free)
          .saying(FAILED, "127.0.0.1:" + free, "farpage source --listen", "firewall");
      destination("--qmp=" + destination.vm().qmpSocket(), "--source=no-such-host.invalid:4444")
          .saying(REFUSED, "no such host: no-such-host.invalid");
      destination.requireReleased();
    }
  }

  @Test
  void beyondLoopbackBothSidesWantTlsOrTheOperatorsWord() throws Exception {
    Attempt.of("source", "--qmp=" + source.qmpSocket(), "--listen=0.0.0.0:0", state())
        .saying(REFUSED, "not loopback", "--tls-creds", "--insecure");
    destination("--qmp=" + source.qmpSocket(), "--source=192.0.2.1:4444")
        .saying(REFUSED, "not loopback", "--tls-creds", "--insecure");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "source --qmp=%s --listen=127.0.0.1 | --listen | HOST:PORT",
        "source --qmp=%s --listen=127.0.0.1:port | --listen | port number",
        "source --qmp=%s --listen=127.0.0.1:70000 | --listen | 65535",
        "source --qmp=%s | --listen | --help",
        "source --listen=127.0.0.1:0 | --qmp | --help",
        "source --qmp=%s --listen=127.0.0.1:0 --fast | --fast | --help",
        "source --qmp=%s --listen=127.0.0.1:0 --pid=one | --pid | --help",
        "source --qmp=%s --listen=127.0.0.1:0 --transport=pigeon | --transport | pigeon",
        "source --qmp=%s --listen=127.0.0.1:0 --log-level=loud | --log-level | debug",
        "source --qmp=%s --listen=127.0.0.1:0 --tls-creds=/nonexistent | ca-cert.pem | missing",
        "source --qmp=%s --listen=127.0.0.1:0 --insecure --tls-creds=/ | mutually exclusive | -",
        "source --qmp=%s --listen=127.0.0.1:0 --state-dir=/proc/nonexistent | --state-dir | /proc",
        "source --qmp=%s --listen=127.0.0.1:0 --control=/nonexistent/c | --control | /nonexistent",
        "dest --qmp=%s | --source | --help",
        "dest --source=127.0.0.1:1 | --qmp | --help",
        "dest --qmp=%s --source=127.0.0.1:0 | --source | port",
        "dest --qmp=%s --source=127.0.0.1:1 --mode=nonsense | --mode | nonsense",
        "source --qmp=%s --listen=127.0.0.1:0 --dirty-tracking=some | --dirty-tracking | some",
        "dest --qmp=%s --source=127.0.0.1:1 --warmup-time=0 | --warmup-time | 0",
        "dest --qmp=%s --source=127.0.0.1:1 --warmup-time=soon | --warmup-time | soon",
        "dest --qmp=%s --source=127.0.0.1:1 --warmup-rounds=0 | --warmup-rounds | 0",
        "dest --qmp=%s --source=127.0.0.1:1 --downtime-limit=-1 | --downtime-limit | -1",
        "dest --qmp=%s --source=127.0.0.1:1 --max-bandwidth=x | --max-bandwidth | x",
        "dest --qmp=%s --source=127.0.0.1:1 --mode=postcopy --warmup-rounds=2"
            + " | --warmup-rounds | --mode hybrid",
        "dest --qmp=%s --source=127.0.0.1:1 --mode=postcopy --max-bandwidth=1M"
            + " | --max-bandwidth | --mode hybrid",
        "dest --qmp=%s --source=127.0.0.1:1 --prefetch=all | --prefetch | all",
        "dest --qmp=%s --source=127.0.0.1:1 --prefetch=replay | --prefetch replay"
            + " | --replay-faults FILE",
        "dest --qmp=%s --source=127.0.0.1:1 --prefetch=sweep --replay-faults=/dev/null"
            + " | --replay-faults | --prefetch auto",
        "dest --qmp=%s --source=127.0.0.1:1 --replay-faults=/nonexistent/f"
            + " | --replay-faults | /nonexistent/f: there is no such file",
        "dest --qmp=%s --source=127.0.0.1:1 --replay-faults=/proc/version"
            + " | --replay-faults | /proc/version is no fault trace",
        "dest --qmp=%s --source=127.0.0.1:1 --record-faults=/nonexistent/f"
            + " | --record-faults | /nonexistent/f",
        "dest --qmp=%s --source=127.0.0.1:1 --record-faults=/tmp | --record-faults | /tmp",
        "dest --qmp=%s --source=127.0.0.1:1 --record-faults=/tmp/f --resume"
            + " | --record-faults | --resume",
        "dest --qmp=%s --source=127.0.0.1:1 --prefetch-after=-1 | --prefetch-after | -1",
        "dest --qmp=%s --source=127.0.0.1:1 --prefetch-after=soon | --prefetch-after | soon",
        "dest --qmp=%s --source=127.0.0.1:1 --mode=precopy --prefetch-after=1"
            + " | --prefetch-after | --mode hybrid",
        "dest --qmp=%s --source=127.0.0.1:1 --max-postcopy-bandwidth=abc"
            + " | --max-postcopy-bandwidth | abc",
        "dest --qmp=%s --source=127.0.0.1:1 --max-postcopy-bandwidth=-1"
            + " | --max-postcopy-bandwidth | -1",
        "dest --qmp=%s --source=127.0.0.1:1 --report=/nonexistent/report.json | --report | directory",
        "dest --qmp=%s --source=127.0.0.1:1 --metrics=nowhere | --metrics | HOST:PORT",
        "ctl /nonexistent status | /nonexistent | --control",
        "migrate | migrate | --help",
        "'' | command | --help"
      })
  void badUsageIsAnsweredWithWhatToWrite(final String line) throws IOException {
    final String[] parts = line.split(" *\\| *");
    final String command = parts[0].replace("%s", source.qmpSocket().toString());
    Attempt.of(command.equals("''") ? new String[0] : command.split(" "))
        .saying(REFUSED, parts[1], parts[2]);
  }

  @Test
  void aControlSocketThatIsInTheWayIsNamed() throws IOException {
    final Path control = Files.createFile(lab.directory().resolve("control.sock"));
    source("--qmp=" + source.qmpSocket(), "--control=" + control)
        .saying(REFUSED, control.toString(), "remove it");
  }

  private Attempt source(final String... options) throws IOException {
    return Attempt.of(sourceOptions(options));
  }

  private String[] sourceOptions(final String... options) {
    return all(List.of("source", "--listen=127.0.0.1:0", state()), options);
  }

  private Attempt destination(final String... options) throws IOException {
    return Attempt.of(destinationOptions(options));
  }

  private String[] destinationOptions(final String... options) {
    return all(List.of("dest", state()), options);
  }

  private static String[] all(final List<String> first, final String... then) {
    return Stream.concat(first.stream(), Arrays.stream(then)).toArray(String[]::new);
  }

  private String state() {
    return "--state-dir=" + lab.directory().resolve("state");
  }

  private String directory() {
    return lab.directory().toString();
  }

  private void bothFail(final Other destination, final String... words) throws IOException {
    bothFail(source, destination, words);
  }

  private void bothFail(final Vm from, final Other destination, final String... words)
      throws IOException {
    try (LocalMigration migration = lab.begin(from, destination.vm())) {
      Attempt.endOf(migration.destination()).saying(FAILED, words);
      Attempt.endOf(migration.source()).saying(FAILED, words);
    }
  }

  private Consumer<QemuCommand.Builder> ram(final int sizeMib) {
    return builder -> builder.memory((long) sizeMib * MIB, newFile());
  }

  private Path newFile() {
    return lab.directory().resolve("ram" + files++);
  }

  private Path guestImage() {
    try {
      final Path image = lab.directory().resolve("guest.img");
      guest.writeImage(image);
      return image;
    } catch (final IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Other other(final Consumer<QemuCommand.Builder> options) throws IOException {
    return Other.of(lab.start(null, options));
  }

  private static boolean isListening(final Path socket) {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return channel.isConnected();
    } catch (final IOException e) {
      return false; // not yet
    }
  }

  private static void run(final String... command) throws IOException, InterruptedException {
    final int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (exit != 0) {
      throw new IOException(String.join(" ", command) + ": exit " + exit);
    }
  }

  /** A QEMU of one test. */
  private record Other(Vm vm) implements AutoCloseable {
    static Other of(final Vm vm) {
      return new Other(vm);
    }

    /** It was let be: it still waits, and faults as before. */
    void requireReleased() throws IOException {
      assertEquals("inmigrate", vm.runState());
      Untouched.requireNoUserfaultfd(vm);
    }

    @Override
    public void close() throws IOException {
      vm.close();
      vm.qemu().close();
      for (final RamBackend backend : vm.qemu().command().backends()) {
        Files.deleteIfExists(backend.path());
      }
    }
  }
}
