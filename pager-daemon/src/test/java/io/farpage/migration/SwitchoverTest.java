package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.DaemonProcess;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a warm-up ends: by the operator's limits, by his word, or not at all. */
@Tag("once")
@Timeout(120)
class SwitchoverTest {
  private static final int FAILED = 1;
  private static final int REFUSED = 2;
  private static final int SIZE_MIB = 64;
  private static final String HYBRID = "--mode=hybrid";
  private static final String PRECOPY = "--mode=precopy";

  /** One round takes longer than any test. */
  private static final String ENDLESSLY = "--max-bandwidth=1M";

  private static final String UNTRACKED = "--dirty-tracking=off";

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, SIZE_MIB * MIB)
          .pattern(WritePattern.RANDOM)
          .range(16 * MIB, 16 * MIB)
          .delayIterations(100_000)
          .stepsPerDot(1 << 10)
          .build();
  private MigrationLab lab;
  private Path control;
  private Vm source;
  private Vm destination;

  @BeforeEach
  void startBoth() throws IOException {
    lab = MigrationLab.open();
    control = lab.directory().resolve("ctl.sock");
    source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
    destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
  }

  @AfterEach
  void stopBoth() throws Exception {
    lab.close();
  }

  @Test
  void afterTheRoundsThatTheOperatorAllows() throws Exception {
    final JsonNode report =
        endsBecause(
            "round-limit",
            lab.begin(
                source,
                destination,
                HYBRID,
                "--warmup-rounds=1",
                "--downtime-limit=0",
                "--max-bandwidth=96M"));
    assertEquals(1, warmup(report).path("rounds").size(), report::toString);
  }

  @Test
  void afterTheTimeThatTheOperatorAllows() throws Exception {
    final JsonNode report =
        endsBecause(
            "time-limit", lab.begin(source, destination, HYBRID, "--warmup-time=0.5", ENDLESSLY));
    assertTrue(warmup(report).path("duration-ms").asLong() >= 500, report::toString);
  }

  @Test
  void whenTheOperatorOfTheDestinationWantsIt() throws Exception {
    final LocalMigration migration =
        lab.begin(source, destination, HYBRID, ENDLESSLY, "--control=" + control);
    WarmupEvents.awaitReading(migration);
    assertEquals(0, startPostcopy().exit());
    endsBecause("operator", migration);
  }

  @Test
  void whenTheOperatorOfTheSourceWantsIt() throws Exception {
    final LocalMigration migration =
        lab.begin(List.of("--control=" + control), source, destination, HYBRID, ENDLESSLY);
    WarmupEvents.awaitReading(migration);
    assertEquals(0, startPostcopy().exit());
    endsBecause("operator", migration);
  }

  /** Then it is a precopy no more: the guest does not stand still for all that is missing. */
  @Test
  void aPrecopyWhoseOperatorHasWaitedLongEnoughGoesOnAsPostcopy() throws Exception {
    final LocalMigration migration =
        lab.begin(
            source,
            destination,
            PRECOPY,
            ENDLESSLY,
            "--max-postcopy-bandwidth=8M",
            "--control=" + control);
    WarmupEvents.awaitReading(migration);
    assertEquals(0, startPostcopy().exit());
    MigrationLab.awaitResume(migration);
    assertTrue(migration.destination().process().isAlive(), "all memory has arrived already");
    final JsonNode report = endsBecause("operator", migration);
    assertTrue(report.path("downtime").asDouble() < 1000, report::toString);
  }

  @Test
  void whereThereIsNoWarmupThereIsNoneToEnd() throws Exception {
    final LocalMigration migration =
        lab.begin(
            List.of("--control=" + control), source, destination, "--max-postcopy-bandwidth=8M");
    MigrationLab.awaitResume(migration);
    startPostcopy().saying(REFUSED, "no warm-up to end", "postcopy-active");
    lab.finish(migration, source, destination);
    destination.verify();
  }

  @Test
  void beforeADestinationHasComeThereIsNoWarmupToEnd() throws Exception {
    final LocalMigration migration =
        lab.add(
            LocalMigration.startSource(
                source.qmpSocket(), lab.directory(), "--control=" + control));
    migration.port();
    startPostcopy().saying(REFUSED, "no warm-up to end", "none");
    migration.startDestination(destination.qmpSocket(), HYBRID);
    lab.finish(migration, source, destination);
    destination.verify();
  }

  /** Only by the operator's limit does a precopy end that its guest outruns. */
  @Test
  void aPrecopyThatDoesNotConvergeSaysSoAndEndsWithTheGuestOnTheSource() throws Exception {
    final LocalMigration migration =
        lab.add(LocalMigration.startSource(source.qmpSocket(), lab.directory()));
    final Untouched untouched = Untouched.before(source);
    final Attempt attempt =
        Attempt.of(
                "dest",
                "--qmp=" + destination.qmpSocket(),
                "--source=127.0.0.1:" + migration.port(),
                "--state-dir=" + migration.stateDirectory(),
                PRECOPY,
                "--max-bandwidth=64M",
                "--downtime-limit=0",
                "--warmup-time=3")
            .saying(FAILED, "3000 ms of warm-up are over");
    assertEquals(
        1,
        attempt.output().stream()
            .filter(line -> line.contains("this will never end by itself"))
            .count(),
        attempt::toString);
    assertTrue(
        attempt.output().stream().filter(line -> line.startsWith("round ")).count() < 20,
        attempt::toString);
    Attempt.endOf(migration.source()).saying(FAILED, "3000 ms of warm-up are over");
    requireNotMoved(untouched);
  }

  @Test
  void withoutTrackingAllMemoryFollowsTheGuest() throws Exception {
    final LocalMigration migration = lab.begin(List.of(UNTRACKED), source, destination, HYBRID);
    final JsonNode why = WarmupEvents.awaitSwitchover(migration.destination());
    assertEquals("no warm-up: dirty tracking is switched off", why.path("desc").asText());
    final JsonNode report = lab.finish(migration, source, destination).report();
    assertEquals(0, report.path("ram").path("precopy-bytes").asLong(-1), report::toString);
    assertEquals("no-tracking", warmup(report).path("reason").asText(), report::toString);
    destination.requireWriting();
    destination.verify();
  }

  /** What a disk is read into past the page tables, no tracking sees. */
  @Test
  void besideADiskWithDirectIoThereIsNoWarmup() throws Exception {
    final Path disk = Files.createFile(lab.directory().resolve("disk"));
    Files.write(disk, new byte[MIB]);
    final String drive = "file=" + disk + ",format=raw,if=none,id=direct,cache=none,read-only=on";
    final Consumer<QemuCommand.Builder> direct = builder -> builder.extra("-drive", drive);
    source = lab.source(guest, lab.memory(SIZE_MIB, "c").andThen(direct));
    destination = lab.destination(guest, lab.memory(SIZE_MIB, "d").andThen(direct));
    final LocalMigration migration = lab.begin(source, destination, HYBRID);
    final JsonNode why = WarmupEvents.awaitSwitchover(migration.destination());
    assertEquals("no-tracking", why.path("reason").asText());
    assertTrue(why.path("desc").asText().contains(disk + " open with O_DIRECT"), why::toString);
    lab.finish(migration, source, destination);
    destination.verify();
  }

  @Test
  void withoutTrackingThereIsNoPrecopy() throws Exception {
    final Untouched untouched = Untouched.before(source);
    final LocalMigration migration = lab.begin(List.of(UNTRACKED), source, destination, PRECOPY);
    final String why = "no warm-up: dirty tracking is switched off";
    Attempt.endOf(migration.destination()).saying(FAILED, why);
    Attempt.endOf(migration.source()).saying(FAILED, "the destination gave up", why);
    requireNotMoved(untouched);
  }

  private Attempt startPostcopy() throws IOException {
    return Attempt.of("ctl", control.toString(), "start-postcopy");
  }

  /** Both sides tell the reason, and the guest is whole; returns the report. */
  private JsonNode endsBecause(final String reason, final LocalMigration migration)
      throws IOException {
    for (final DaemonProcess daemon : List.of(migration.destination(), migration.source())) {
      assertEquals(
          reason, WarmupEvents.awaitSwitchover(daemon).path("reason").asText(), daemon::toString);
    }
    final JsonNode report = lab.finish(migration, source, destination).report();
    assertEquals(reason, warmup(report).path("reason").asText(), report::toString);
    destination.requireWriting();
    destination.verify();
    return report;
  }

  private static JsonNode warmup(final JsonNode report) {
    return report.path("farpage").path("warmup");
  }

  private void requireNotMoved(final Untouched untouched) throws IOException {
    untouched.require();
    lab.requireNothingLeftIn(source);
    lab.requireNoState();
  }
}
