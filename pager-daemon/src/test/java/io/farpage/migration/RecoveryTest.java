package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static io.farpage.migration.MigrationLab.awaitMidPostcopy;
import static io.farpage.migration.MigrationLab.port;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.cli.DaemonProcess;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Daemons that are killed in mid post-copy, and come back. */
@Tag("once")
class RecoveryTest {
  private static final String SLOW = "--max-postcopy-bandwidth=16M";

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, 128L * MIB)
          .pattern(WritePattern.RANDOM)
          .stepsPerDot(1 << 14)
          .build();

  private static void kill(final DaemonProcess daemon) {
    daemon.close(); // SIGKILL
  }

  @Test
  void aDestinationDaemonMayBeKilledAgainAndAgain() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm from = lab.source(guest, lab.memory(128, "a"));
      final Vm to = lab.destination(guest, lab.memory(128, "b"));
      final DaemonProcess source = lab.start(from, "source", "--listen=127.0.0.1:0");
      final String address = "--source=127.0.0.1:" + port(source);
      DaemonProcess destination = lab.start(to, "dest", address, SLOW, "--mode=postcopy");
      for (int i = 0; i < 3; i++) {
        awaitMidPostcopy(destination);
        kill(destination);
        assertTrue(to.qemu().isRunning());
        destination = lab.start(to, "dest", address, SLOW, "--mode=postcopy", "--resume");
      }
      assertEquals(0, destination.awaitExit(MigrationLab.MIGRATION), destination::toString);
      assertEquals(0, source.awaitExit(MigrationLab.MIGRATION));
      lab.requireNothingLeftIn(to);
      lab.requireNoState();
      to.requireWriting();
      to.verify();
    }
  }

  @Test
  void aSourceDaemonMayBeKilledAndStartedAgain() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm from = lab.source(guest, lab.memory(128, "a"));
      final Vm to = lab.destination(guest, lab.memory(128, "b"));
      final DaemonProcess source = lab.start(from, "source", "--listen=127.0.0.1:0");
      final int port = port(source);
      final DaemonProcess destination =
          lab.start(to, "dest", "--source=127.0.0.1:" + port, SLOW, "--mode=postcopy");
      awaitMidPostcopy(destination);
      kill(source);
      assertEquals(3, destination.awaitExit(MigrationLab.DAEMON));
      assertTrue(
          destination.output().stream().anyMatch(line -> line.contains("--resume")),
          () -> "what to do is not said: " + destination.output());
      final DaemonProcess restarted = lab.start(from, "source", "--listen=127.0.0.1:" + port);
      port(restarted);
      final DaemonProcess resumed =
          lab.start(to, "dest", "--source=127.0.0.1:" + port, "--mode=postcopy", "--resume");
      assertEquals(0, resumed.awaitExit(MigrationLab.MIGRATION));
      assertEquals(0, restarted.awaitExit(MigrationLab.MIGRATION));
      lab.requireNothingLeftIn(to);
      lab.requireNoState();
      to.requireWriting();
      to.verify();
    }
  }

  @Test
  void thereIsNothingToResumeWhereNothingWasInterrupted() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm from = lab.source(guest, lab.memory(128, "a"));
      final Vm to = lab.destination(guest, lab.memory(128, "b"));
      final DaemonProcess source = lab.start(from, "source", "--listen=127.0.0.1:0");
      final DaemonProcess destination =
          lab.start(
              to, "dest", "--source=127.0.0.1:" + port(source), "--mode=postcopy", "--resume");
      assertEquals(2, destination.awaitExit(MigrationLab.DAEMON));
      MigrationLab.requireStillOn(from);
    }
  }
}
