package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.guest.WriterGuest.StopAction;
import io.farpage.test.QemuVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What operators and guests do around a move, and in the middle of it. */
@Tag("once")
class LifeGoesOnTest {
  private static final Duration GUEST = Duration.ofMinutes(1);

  /** Slower than the guest by far, so that it is certain what comes first. */
  private static final String SLOWLY = "--max-postcopy-bandwidth=4M";

  private static final Ballast BALLAST = new Ballast(24 * MIB, 22 * MIB);
  private static final long LIFE_STEPS = 2000;

  private static WriterGuest.Builder writer() {
    return WriterGuest.builder(MachineType.PC, 64 * MIB)
        .pattern(WritePattern.RANDOM)
        .stepsPerDot(1 << 14);
  }

  /** Ends itself about a second after it began, on whichever host it is. */
  private static WriterGuest.Builder mortal() {
    return writer().range(16 * MIB, 8 * MIB).delayIterations(200_000);
  }

  /** A guest that was stopped before its end, with memory besides that it does not touch. */
  private static Vm mortalSource(final MigrationLab lab, final WriterGuest guest)
      throws IOException {
    final Vm source = lab.source(guest, lab.memory(64, "a"));
    source.qmp().execute("stop");
    assertFalse(source.qemu().serial().contains("S"), "the guest ended before it was stopped");
    BALLAST.writeTo(lab.directory().resolve("a"));
    return source;
  }

  @Test
  void aGuestMovesThereAndBackFourTimes() throws Exception {
    final WriterGuest guest = writer().range(16 * MIB, 4 * MIB).build();
    try (MigrationLab lab = MigrationLab.open()) {
      Vm here = lab.source(guest, lab.memory(32, "a"));
      for (int move = 1; move <= 8; move++) {
        final Vm there = lab.destination(guest, lab.memory(32, move % 2 == 0 ? "a" : "b"));
        lab.migrate(here, there);
        there.requireWriting();
        here = there;
      }
      here.verify();
    }
  }

  @Test
  void aGuestMovesFromAnOldQemuToANewOne() throws Exception {
    final WriterGuest guest = writer().build();
    final UnaryOperator<QemuCommand.Builder> oldMachine =
        builder -> builder.extra("-machine", "pc-i440fx-7.2");
    try (MigrationLab lab = MigrationLab.open(QemuVersion.SYSTEM)) {
      final Vm source = lab.source(guest, lab.memory(64, "a").andThen(oldMachine::apply));
      final Vm destination =
          lab.destination(QemuVersion.TEN, guest, lab.memory(64, "b").andThen(oldMachine::apply));
      lab.migrate(source, destination);
      destination.requireWriting();
      destination.verify();
    }
  }

  @ParameterizedTest
  @EnumSource
  void sandboxedQemusAreNoObstacle(final QemuVersion version) throws Exception {
    final WriterGuest guest = writer().range(16 * MIB, 16 * MIB).build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source =
          lab.source(guest, lab.memory(64, "a").andThen(QemuCommand.Builder::sandbox));
      final Vm destination =
          lab.destination(guest, lab.memory(64, "b").andThen(QemuCommand.Builder::sandbox));
      lab.migrate(source, destination);
      destination.verify();
    }
  }

  @ParameterizedTest
  @EnumSource
  void daemonizedQemusAreNoObstacle(final QemuVersion version) throws Exception {
    final WriterGuest guest = writer().range(16 * MIB, 16 * MIB).build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source =
          lab.source(guest, lab.memory(64, "a").andThen(QemuCommand.Builder::daemonize));
      final Vm destination =
          lab.destination(guest, lab.memory(64, "b").andThen(QemuCommand.Builder::daemonize));
      lab.migrate(source, destination);
      destination.verify();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPausedGuestMovesAndStaysPaused(final QemuVersion version) throws Exception {
    final WriterGuest guest = writer().build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source = lab.source(guest, lab.memory(64, "a"));
      source.qmp().execute("stop");
      final Vm destination = lab.destination(guest, lab.memory(64, "b"));
      lab.migrate(source, destination);
      assertEquals("paused", destination.runState());
      destination.verify();
      destination.qmp().execute("cont");
      destination.requireWriting();
      destination.verify();
    }
  }

  @Test
  void theSourceIsKeptIfItIsAskedFor() throws Exception {
    final WriterGuest guest = writer().range(16 * MIB, 16 * MIB).build();
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.memory(64, "a"));
      final Vm destination = lab.destination(guest, lab.memory(64, "b"));
      final LocalMigration migration = lab.begin(List.of("--keep-source"), source, destination);
      migration.await(MigrationLab.MIGRATION).orThrow();
      destination.requireWriting();
      assertEquals("postmigrate", source.runState());
      lab.requireNothingLeftIn(source);
      lab.requireNothingLeftIn(destination);
      source.verify();
      destination.verify();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aGuestRebootsInMidPostcopy(final QemuVersion version) throws Exception {
    final WriterGuest guest = mortal().rebootAfter(LIFE_STEPS, 1).build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source = mortalSource(lab, guest);
      final Vm destination = lab.destination(guest, lab.memory(64, "b"));
      final LocalMigration migration = lab.begin(source, destination, SLOWLY);
      MigrationLab.awaitResume(migration);
      destination.qmp().execute("cont");
      destination.qemu().awaitSerial("R", GUEST);
      assertTrue(migration.destination().process().isAlive(), "post-copy was over too soon");
      lab.finish(migration, source, destination);
      destination.requireWriting();
      assertEquals(2, destination.verify().boots());
      BALLAST.requireIn(lab.directory().resolve("b"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aGuestPowersOffInMidPostcopy(final QemuVersion version) throws Exception {
    final WriterGuest guest = mortal().stopAfter(LIFE_STEPS, StopAction.POWER_OFF).build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source = mortalSource(lab, guest);
      final Vm destination = lab.destination(guest, lab.memory(64, "b"));
      final LocalMigration migration = lab.begin(source, destination, SLOWLY);
      MigrationLab.awaitResume(migration);
      destination.qmp().execute("cont");
      destination.qemu().awaitExit(GUEST);
      final JsonNode report = migration.await(MigrationLab.MIGRATION).orThrow().report();
      assertTrue(
          report.path("ram").path("postcopy-bytes").asLong()
              < report.path("farpage").path("data-bytes").asLong(),
          "post-copy was over too soon");
      assertEquals("S", destination.qemu().serial().replace(".", ""));
      source.qemu().awaitExit(GUEST);
      lab.requireNoState();
    }
  }
}
