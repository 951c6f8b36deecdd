package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.cli.DaemonProcess;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Daemons that are killed in mid post-copy, and come back. */
@Tag("once")
class RecoveryTest {
  private static final Duration START = Duration.ofSeconds(30);
  private static final String SLOW = "--max-postcopy-bandwidth=16M";

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, 128L * MIB)
          .pattern(WritePattern.RANDOM)
          .stepsPerDot(1 << 14)
          .build();

  private static DaemonProcess start(
      final MigrationLab lab, final Vm vm, final String command, final String... options)
      throws Exception {
    final List<String> arguments = new java.util.ArrayList<>();
    arguments.addAll(
        List.of(
            command,
            "--qmp=" + vm.qmpSocket(),
            "--state-dir=" + lab.directory().resolve("state"),
            "--json"));
    arguments.addAll(List.of(options));
    return lab.add(DaemonProcess.start(arguments, line -> {}));
  }

  private static int port(final DaemonProcess source) {
    return source.awaitEvent("LISTENING", data -> true, START).path("port").asInt();
  }

  private static void kill(final DaemonProcess daemon) {
    daemon.close(); // SIGKILL
  }

  /** Some memory has arrived, and most has not. */
  private static void awaitMidPostcopy(final DaemonProcess destination) {
    destination.awaitEvent("PROGRESS", data -> data.path("prefetched-pages").asLong() > 0, START);
  }

  @Test
  void aDestinationDaemonMayBeKilledAgainAndAgain() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm from = lab.source(guest, lab.memory(128, "a"));
      final Vm to = lab.destination(guest, lab.memory(128, "b"));
      final DaemonProcess source = start(lab, from, "source", "--listen=127.0.0.1:0");
      final String address = "--source=127.0.0.1:" + port(source);
      DaemonProcess destination = start(lab, to, "dest", address, SLOW, "--mode=postcopy");
      for (int i = 0; i < 3; i++) {
        awaitMidPostcopy(destination);
        kill(destination);
        assertTrue(to.qemu().isRunning());
        destination = start(lab, to, "dest", address, SLOW, "--mode=postcopy", "--resume");
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
      final DaemonProcess source = start(lab, from, "source", "--listen=127.0.0.1:0");
      final int port = port(source);
      final DaemonProcess destination =
          start(lab, to, "dest", "--source=127.0.0.1:" + port, SLOW, "--mode=postcopy");
      awaitMidPostcopy(destination);
      kill(source);
      assertEquals(3, destination.awaitExit(START));
      assertTrue(
          destination.output().stream().anyMatch(line -> line.contains("--resume")),
          () -> "what to do is not said: " + destination.output());
      final DaemonProcess restarted = start(lab, from, "source", "--listen=127.0.0.1:" + port);
      port(restarted);
      final DaemonProcess resumed =
          start(lab, to, "dest", "--source=127.0.0.1:" + port, "--mode=postcopy", "--resume");
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
      final DaemonProcess source = start(lab, from, "source", "--listen=127.0.0.1:0");
      final DaemonProcess destination =
          start(
              lab, to, "dest", "--source=127.0.0.1:" + port(source), "--mode=postcopy", "--resume");
      assertEquals(2, destination.awaitExit(START));
      MigrationLab.requireStillOn(from);
    }
  }
}
