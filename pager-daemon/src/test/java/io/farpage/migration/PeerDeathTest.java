package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.cli.DaemonProcess;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.WriterGuest;
import io.farpage.linux.ProcessFds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A daemon that is killed, stopped or told to stop, at each point of a migration. */
@Tag("once")
@Timeout(120)
class PeerDeathTest {
  private static final int FAILED = 1;
  private static final int INTERRUPTED = 3;
  private static final int CANCELLED = 130;
  private static final int SIZE_MIB = 32;

  /** QEMU's settings have been asked for: the last step before they are changed. */
  private static final String IN_SETUP = "x-ignore-shared";

  /** The guest has stopped. */
  private static final String IN_PRE_SWITCHOVER = "pre-switchover\"";

  private static final String CANCEL = "migrate_cancel";
  private static final String NEVER = "no such command";

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, (long) SIZE_MIB * MIB).stepsPerDot(1 << 14).build();
  private MigrationLab lab;
  private Vm source;
  private Vm destination;
  private Untouched untouched;

  @BeforeEach
  void startBoth() throws IOException {
    lab = MigrationLab.open();
    source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
    destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
    untouched = Untouched.before(source);
  }

  @AfterEach
  void stopBoth() throws Exception {
    lab.close();
  }

  @Test
  void theDestinationIsKilledInSetup() throws Exception {
    try (QmpGate gate = new QmpGate(destination, IN_SETUP, NEVER);
        LocalMigration migration = begin(source.qmpSocket())) {
      migration.startDestination(gate.socket(), gate.pidOption());
      gate.awaitHeld();
      kill(migration.destination());
      Attempt.endOf(migration.source())
          .saying(FAILED, "the destination is gone", "the guest stays here");
      untouched.require();
    }
  }

  @Test
  void theDestinationIsKilledWhenTheGuestHasStopped() throws Exception {
    try (QmpGate gate = new QmpGate(source, IN_PRE_SWITCHOVER, CANCEL);
        LocalMigration migration = begin(gate.socket(), gate.pidOption())) {
      migration.startDestination(destination.qmpSocket());
      gate.awaitHeld();
      kill(migration.destination());
      Attempt.endOf(migration.source())
          .saying(FAILED, "the destination is gone", "the guest stays here");
      untouched.require();
    }
  }

  /** Only then does the source not know where the guest is, and says how to find out. */
  @Test
  void theDestinationIsKilledWhenItHasAllOfTheDeviceState() throws Exception {
    try (QmpGate gate = new QmpGate(destination, "\"RESUME\"", NEVER);
        LocalMigration migration = begin(source.qmpSocket())) {
      migration.startDestination(gate.socket(), gate.pidOption());
      gate.awaitHeld();
      kill(migration.destination());
      awaitPaused(migration.source());
      terminate(migration.source());
      Attempt.endOf(migration.source())
          .saying(INTERRUPTED, "only the destination knows", "QMP command cont");
      assertEquals("postmigrate", source.runState());
      destination.qemu().close();
      source.qmp().execute("cont");
      source.requireWriting();
      source.verify();
    }
  }

  /** From the last byte of device state on the guest may run there: it must not be given up. */
  @Test
  void theDestinationIsTerminatedWhenItMayHaveResumed() throws Exception {
    try (QmpGate gate = new QmpGate(destination, "\"RESUME\"", NEVER);
        LocalMigration migration = begin(source.qmpSocket())) {
      migration.startDestination(gate.socket(), gate.pidOption());
      gate.awaitHeld();
      terminate(migration.destination());
      Attempt.endOf(migration.destination()).saying(INTERRUPTED, "too late to go back");
      assertTrue(destination.qemu().isRunning(), "the destination's QEMU was given up");
      awaitPaused(migration.source());
      assertEquals("postmigrate", source.runState());
      terminate(migration.source());
      Attempt.endOf(migration.source()).saying(INTERRUPTED, "only the destination knows");
    }
  }

  @Test
  void theSourceDaemonIsKilledInSetup() throws Exception {
    try (QmpGate gate = new QmpGate(source, IN_SETUP, NEVER);
        LocalMigration migration = begin(gate.socket(), gate.pidOption())) {
      migration.startDestination(destination.qmpSocket());
      gate.awaitHeld();
      kill(migration.source());
      Attempt.endOf(migration.destination())
          .saying(FAILED, "the connection to the source is lost", "not moved");
      destination.qemu().awaitExit(Duration.ofSeconds(10));
      untouched.require();
    }
    // what the dead one left behind does not hold up the next
    try (LocalMigration migration = begin(source.qmpSocket())) {
      migration.port();
      terminate(migration.source());
      Attempt.endOf(migration.source()).saying(CANCELLED, "the guest stays here");
      untouched.require();
      lab.requireNoState();
    }
  }

  /** QEMU waits with its migration where the daemon left it; {@code migrate_cancel} ends that. */
  @Test
  void theSourceDaemonIsKilledWhenTheGuestHasStopped() throws Exception {
    try (QmpGate gate = new QmpGate(source, IN_PRE_SWITCHOVER, NEVER);
        LocalMigration migration = begin(gate.socket(), gate.pidOption())) {
      migration.startDestination(destination.qmpSocket());
      gate.awaitHeld();
      kill(migration.source());
      Attempt.endOf(migration.destination())
          .saying(FAILED, "the connection to the source is lost", "not moved");
      destination.qemu().awaitExit(Duration.ofSeconds(10));
      assertEquals("finish-migrate", source.runState());
      source.qmp().execute("migrate_cancel");
      Await.until("the guest runs on", () -> source.runState().equals("running"));
      MigrationLab.requireStillOn(source);
    }
  }

  @Test
  void theSourceIsTerminatedWhenTheGuestHasStopped() throws Exception {
    try (QmpGate gate = new QmpGate(source, IN_PRE_SWITCHOVER, CANCEL);
        LocalMigration migration = begin(gate.socket(), gate.pidOption())) {
      migration.startDestination(destination.qmpSocket());
      gate.awaitHeld();
      terminate(migration.source());
      bothEnd(migration, CANCELLED, FAILED);
    }
  }

  @Test
  void theDestinationIsTerminatedWhenTheGuestHasStopped() throws Exception {
    try (QmpGate gate = new QmpGate(source, IN_PRE_SWITCHOVER, CANCEL);
        LocalMigration migration = begin(gate.socket(), gate.pidOption())) {
      migration.startDestination(destination.qmpSocket());
      gate.awaitHeld();
      terminate(migration.destination());
      bothEnd(migration, FAILED, CANCELLED);
    }
  }

  @Test
  void theOperatorAsksAndCancelsOverTheControlSocket() throws Exception {
    final Path control = lab.directory().resolve("ctl.sock");
    try (QmpGate gate = new QmpGate(source, IN_PRE_SWITCHOVER, CANCEL);
        LocalMigration migration = begin(gate.socket(), gate.pidOption(), "--control=" + control)) {
      migration.startDestination(destination.qmpSocket());
      gate.awaitHeld();
      migration
          .source()
          .awaitEvent(
              "MIGRATION",
              data -> data.path("status").asText().equals("active"),
              MigrationLab.BOOT);
      final Attempt status = Attempt.of("ctl", control.toString(), "status");
      assertEquals(0, status.exit());
      final JsonNode answer = new ObjectMapper().readTree(status.output().get(0));
      assertEquals("active", answer.path("status").asText());
      Attempt.of("ctl", control.toString(), "pause").saying(2, "pause is not in this version");
      Attempt.of("ctl", control.toString(), "dance").saying(2, "unknown command");
      assertEquals(0, Attempt.of("ctl", control.toString(), "cancel").exit());
      bothEnd(migration, CANCELLED, FAILED);
      assertTrue(Files.notExists(control), "the control socket is left");
    }
  }

  @Test
  void aSourceThatWaitsIsTerminated() throws Exception {
    try (LocalMigration migration = begin(source.qmpSocket())) {
      migration.port();
      terminate(migration.source());
      Attempt.endOf(migration.source()).saying(CANCELLED, "the guest stays here");
      untouched.require();
      lab.requireNoState();
    }
  }

  @Test
  void theSourceDaemonIsKilledAfterTheCommit() throws Exception {
    try (LocalMigration migration = begin(source.qmpSocket())) {
      slowly(migration);
      kill(migration.source());
      Attempt.endOf(migration.destination()).saying(INTERRUPTED, "--resume", "the guest is here");
      requireTheGuestWaits();
    }
  }

  @Test
  void theDestinationIsTerminatedAfterTheCommit() throws Exception {
    try (LocalMigration migration = begin(source.qmpSocket())) {
      slowly(migration);
      terminate(migration.destination());
      Attempt.endOf(migration.destination()).saying(INTERRUPTED, "--resume", "the guest is here");
      awaitPaused(migration.source());
      terminate(migration.source());
      Attempt.endOf(migration.source()).saying(INTERRUPTED, "memory that is still here");
      requireTheGuestWaits();
      assertEquals("postmigrate", source.runState());
    }
  }

  private static void awaitPaused(final DaemonProcess daemon) {
    daemon.awaitEvent(
        "MIGRATION",
        data -> data.path("status").asText().equals("postcopy-paused"),
        MigrationLab.MIGRATION);
  }

  private void slowly(final LocalMigration migration) throws IOException {
    migration.startDestination(destination.qmpSocket(), "--max-postcopy-bandwidth=1M");
    migration
        .destination()
        .awaitEvent(
            "PROGRESS", data -> data.path("prefetched-pages").asLong() > 0, MigrationLab.MIGRATION);
  }

  /** The destination's QEMU keeps the userfaultfd, so that who needs a page waits for it. */
  private void requireTheGuestWaits() throws IOException {
    assertTrue(destination.qemu().isRunning(), "the destination's QEMU is gone");
    assertEquals(
        1,
        ProcessFds.read(Math.toIntExact(destination.qemu().pid())).values().stream()
            .filter(fd -> fd.contains("userfaultfd"))
            .count(),
        "userfaultfds in QEMU");
    try (Stream<Path> files = Files.list(lab.directory().resolve("state"))) {
      assertEquals(
          Set.of(
              "qemu-" + destination.qemu().pid() + ".journal",
              "qemu-" + source.qemu().pid() + ".journal"),
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
    }
  }

  private void bothEnd(
      final LocalMigration migration, final int sourceExit, final int destinationExit)
      throws IOException {
    Attempt.endOf(migration.destination()).saying(destinationExit, "cancelled by");
    Attempt.endOf(migration.source()).saying(sourceExit, "cancelled by");
    destination.qemu().awaitExit(Duration.ofSeconds(10));
    untouched.require();
    lab.requireNoState();
  }

  private LocalMigration begin(final Path qmp, final String... options) throws IOException {
    return LocalMigration.startSource(qmp, lab.directory(), options);
  }

  private static void terminate(final DaemonProcess daemon) {
    // unlike Process.destroy, this leaves its output to be read
    daemon.process().toHandle().destroy();
  }

  private static void kill(final DaemonProcess daemon) {
    daemon.process().destroyForcibly();
    daemon.awaitExit(Duration.ofSeconds(10));
  }
}
