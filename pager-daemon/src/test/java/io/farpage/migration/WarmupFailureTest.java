package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static io.farpage.migration.MigrationLab.port;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.cli.DaemonProcess;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.guest.WriterGuest.StopAction;
import io.farpage.linux.ProcessFds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is killed, or told to stop, in a warm-up: the guest is whole on the source. */
@Tag("once")
@Timeout(120)
class WarmupFailureTest {
  private static final int FAILED = 1;
  private static final int CANCELLED = 130;
  private static final int SIZE_MIB = 64;
  private static final Duration END = Duration.ofSeconds(30);
  private static final String HYBRID = "--mode=hybrid";

  /** A warm-up that takes longer than any test. */
  private static final String ENDLESSLY = "--max-bandwidth=1M";

  private MigrationLab lab;
  private Vm source;
  private Vm destination;
  private Untouched untouched;

  private static WriterGuest.Builder writer() {
    return WriterGuest.builder(MachineType.PC, SIZE_MIB * MIB)
        .pattern(WritePattern.RANDOM)
        .range(16 * MIB, 16 * MIB)
        .delayIterations(200_000)
        .stepsPerDot(1 << 9);
  }

  @BeforeEach
  void startBoth() throws IOException {
    lab = MigrationLab.open();
    start(writer().build());
  }

  private void start(final WriterGuest guest) throws IOException {
    source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
    destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
    untouched = Untouched.before(source);
  }

  @AfterEach
  void stopBoth() throws Exception {
    lab.close();
  }

  @ParameterizedTest
  @CsvSource({"source, ctl", "source, signal", "dest, ctl", "dest, signal"})
  void whoeverCancelsTheGuestStaysWhereItIs(final String side, final String how) throws Exception {
    final Path control = lab.directory().resolve("ctl.sock");
    final boolean bySource = side.equals("source");
    final String option = "--control=" + control;
    final LocalMigration migration =
        bySource
            ? lab.begin(List.of(option), source, destination, HYBRID, ENDLESSLY)
            : lab.begin(source, destination, HYBRID, ENDLESSLY, option);
    WarmupEvents.awaitReading(migration);
    assertEquals(1, userfaultfds(source), "the source's writes are not tracked");
    if (how.equals("ctl")) {
      assertEquals(0, Attempt.of("ctl", control.toString(), "cancel").exit());
    } else {
      // unlike Process.destroy, this leaves its output to be read
      (bySource ? migration.source() : migration.destination()).process().toHandle().destroy();
    }
    Attempt.endOf(migration.source()).saying(bySource ? CANCELLED : FAILED, "cancelled by");
    Attempt.endOf(migration.destination()).saying(bySource ? FAILED : CANCELLED, "cancelled by");
    destination.qemu().awaitExit(END);
    requireNotMoved();
  }

  @Test
  void theDestinationDaemonIsKilled() throws Exception {
    final LocalMigration migration = beginReading();
    kill(migration.destination());
    Attempt.endOf(migration.source())
        .saying(FAILED, "the destination is gone", "the guest stays here");
    untouched.require();
    lab.requireNothingLeftIn(source);
    Files.delete(stateFile(destination, "journal"));
    lab.requireNoState();
  }

  @Test
  void theDestinationsQemuIsKilled() throws Exception {
    final LocalMigration migration = beginReading();
    destination.qemu().close();
    Attempt.endOf(migration.destination()).saying(FAILED, "QEMU has ended on the destination");
    Attempt.endOf(migration.source()).saying(FAILED, "QEMU has ended on the destination");
    requireNotMoved();
  }

  @Test
  void theSourceDaemonIsKilledAndTheNextTakesOffWhatItLeft() throws Exception {
    final LocalMigration first = beginReading();
    kill(first.source());
    Attempt.endOf(first.destination()).saying(FAILED, "the connection to the source is lost");
    destination.qemu().awaitExit(END);
    assertEquals(1, userfaultfds(source), "the tracking ended with the daemon");
    source.requireWriting();

    final LocalMigration second =
        lab.add(LocalMigration.startSource(source.qmpSocket(), lab.directory()));
    second.port();
    Untouched.requireNoUserfaultfd(source);
    lab.requireNoState();
    final Vm fresh = lab.destination(writer().build(), lab.memory(SIZE_MIB, "c"));
    second.startDestination(fresh.qmpSocket(), HYBRID);
    assertTrue(
        lab.finish(second, source, fresh).report().path("ram").path("precopy-bytes").asLong() > 0);
    fresh.requireWriting();
    fresh.verify();
  }

  @Test
  void theGuestPowersOff() throws Exception {
    lab.close();
    lab = MigrationLab.open();
    start(writer().stopAfter(2000, StopAction.POWER_OFF).build());
    source.qmp().execute("stop");
    final LocalMigration migration = beginReading();
    source.qmp().execute("cont");
    Attempt.endOf(migration.source()).saying(FAILED, "the source's QEMU has ended");
    Attempt.endOf(migration.destination()).saying(FAILED, "the source's QEMU has ended");
    destination.qemu().awaitExit(END);
    lab.requireNoState();
  }

  @Test
  void theDestinationDaemonIsKilledAfterTheSwitchoverAndComesBack() throws Exception {
    final DaemonProcess serving = lab.start(source, "source", "--listen=127.0.0.1:0");
    final String address = "--source=127.0.0.1:" + port(serving);
    final DaemonProcess killed = startPostcopySlowly(address);
    kill(killed);
    final DaemonProcess resumed = lab.start(destination, "dest", address, HYBRID, "--resume");
    requireMoved(resumed, serving);
  }

  @Test
  void theSourceDaemonIsKilledAfterTheSwitchoverAndComesBack() throws Exception {
    final DaemonProcess killed = lab.start(source, "source", "--listen=127.0.0.1:0");
    final String address = "127.0.0.1:" + port(killed);
    final DaemonProcess interrupted = startPostcopySlowly("--source=" + address);
    kill(killed);
    assertEquals(3, interrupted.awaitExit(END));
    final DaemonProcess serving = lab.start(source, "source", "--listen=" + address);
    port(serving);
    final DaemonProcess resumed =
        lab.start(destination, "dest", "--source=" + address, HYBRID, "--resume");
    requireMoved(resumed, serving);
  }

  private LocalMigration beginReading() throws IOException {
    final LocalMigration migration = lab.begin(source, destination, HYBRID, ENDLESSLY);
    WarmupEvents.awaitReading(migration);
    return migration;
  }

  /** Some of the memory was read in the warm-up, some has come since, and some has not. */
  private DaemonProcess startPostcopySlowly(final String address) throws IOException {
    final DaemonProcess daemon =
        lab.start(
            destination,
            "dest",
            address,
            HYBRID,
            "--max-bandwidth=12M",
            "--warmup-time=0.5",
            "--max-postcopy-bandwidth=4M");
    daemon.awaitEvent(
        "PROGRESS",
        data ->
            data.path("prefetched-pages").asLong() > 0
                && data.path("total").asLong() - data.path("remaining").asLong() > 4 * MIB,
        MigrationLab.MIGRATION);
    return daemon;
  }

  private static void kill(final DaemonProcess daemon) {
    daemon.process().destroyForcibly();
    daemon.awaitExit(END);
  }

  private static long userfaultfds(final Vm vm) throws IOException {
    return ProcessFds.read(Math.toIntExact(vm.qemu().pid())).values().stream()
        .filter(target -> target.contains("userfaultfd"))
        .count();
  }

  private Path stateFile(final Vm vm, final String kind) {
    return lab.directory().resolve("state").resolve("qemu-" + vm.qemu().pid() + "." + kind);
  }

  private void requireNotMoved() throws IOException {
    untouched.require();
    lab.requireNothingLeftIn(source);
    lab.requireNoState();
  }

  private void requireMoved(final DaemonProcess resumed, final DaemonProcess serving)
      throws IOException {
    resumed.awaitEvent("PROGRESS", data -> data.path("remaining").asLong() > 0, END);
    assertEquals(0, resumed.awaitExit(MigrationLab.MIGRATION), () -> resumed.output().toString());
    assertEquals(0, serving.awaitExit(END), () -> serving.output().toString());
    lab.requireNothingLeftIn(destination);
    lab.requireNoState();
    destination.requireWriting();
    destination.verify();
  }
}
