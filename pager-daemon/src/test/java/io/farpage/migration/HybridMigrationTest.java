package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.cli.DaemonProcess;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.test.Needs;
import io.farpage.test.QemuVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests whose memory is read while they run on the source, moved between real QEMUs. */
@Tag("once")
class HybridMigrationTest {
  private static final int SIZE_MIB = 64;
  private static final String HYBRID = "--mode=hybrid";
  private static final String PRECOPY = "--mode=precopy";

  /** A step takes about a third of a millisecond, and now and then a dot tells of it. */
  private static final UnaryOperator<WriterGuest.Builder> SLOW =
      builder -> builder.delayIterations(100_000).stepsPerDot(1 << 10);

  private static WriterGuest.Builder writer(final WritePattern pattern) {
    return WriterGuest.builder(MachineType.PC, SIZE_MIB * MIB)
        .pattern(pattern)
        .stepsPerDot(1 << 14);
  }

  /** Moves a guest and compares every byte; returns the report. */
  private static JsonNode moveAndVerify(
      final MigrationLab lab,
      final WriterGuest guest,
      final Consumer<QemuCommand.Builder> sourceOptions,
      final Consumer<QemuCommand.Builder> destinationOptions,
      final String... options)
      throws IOException {
    final Vm source = lab.source(guest, sourceOptions);
    final Vm destination = lab.destination(guest, destinationOptions);
    final JsonNode report = lab.migrate(source, destination, options).report();
    if (guest.pattern() != WritePattern.IDLE) {
      destination.requireWriting();
    }
    destination.verify();
    requireWarmup(report);
    return report;
  }

  private static void requireWarmup(final JsonNode report) {
    final JsonNode warmup = report.path("farpage").path("warmup");
    assertEquals("wp-async", warmup.path("tracker").asText(), report::toString);
    assertTrue(warmup.path("rounds").size() >= 1, report::toString);
    assertTrue(report.path("ram").path("precopy-bytes").asLong() > 0, report::toString);
    assertTrue(report.path("ram").path("dirty-sync-count").asInt() >= 2, report::toString);
  }

  private static JsonNode moveAndVerify(
      final WriterGuest.Builder guest, final String... destinationOptions) throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      return moveAndVerify(
          lab,
          guest.build(),
          lab.memory(SIZE_MIB, "a"),
          lab.memory(SIZE_MIB, "b"),
          destinationOptions);
    }
  }

  @ParameterizedTest
  @EnumSource
  void noWriteIsLostWhateverThePattern(final WritePattern pattern) throws Exception {
    final JsonNode report = moveAndVerify(writer(pattern), HYBRID);
    assertEquals("hybrid", report.path("farpage").path("mode").asText(), report::toString);
  }

  @Test
  void noWriteIsLostInQemu10() throws Exception {
    try (MigrationLab lab = MigrationLab.open(QemuVersion.TEN)) {
      moveAndVerify(
          lab,
          writer(WritePattern.RANDOM).build(),
          lab.memory(SIZE_MIB, "a"),
          lab.memory(SIZE_MIB, "b"),
          HYBRID);
    }
  }

  @Test
  void noWriteIsLostUnderKvm() throws Exception {
    Needs.kvm();
    try (MigrationLab lab = MigrationLab.open()) {
      moveAndVerify(
          lab,
          writer(WritePattern.RANDOM).build(),
          lab.memory(SIZE_MIB, "a").andThen(b -> b.accelerator(Accelerator.KVM)),
          lab.memory(SIZE_MIB, "b").andThen(b -> b.accelerator(Accelerator.KVM)),
          HYBRID);
    }
  }

  @Test
  void twoCpusWriteInHugePagesWithHolesAmongThem() throws Exception {
    final Path mount = Needs.hugepages(2 * SIZE_MIB / 2);
    try (MigrationLab lab = MigrationLab.open()) {
      moveAndVerify(
          lab,
          writer(WritePattern.RANDOM).range(16 * MIB, 24 * MIB).cpus(2).build(),
          lab.hugeMemory(mount, SIZE_MIB, "a"),
          lab.hugeMemory(mount, SIZE_MIB, "b"),
          HYBRID);
    }
  }

  @Test
  void twoCpusWriteInTwoFiles() throws Exception {
    final long[] nodes = {24 * MIB + 8192, 41 * MIB + 16384};
    final WriterGuest guest =
        WriterGuest.builder(MachineType.PC, nodes[0] + nodes[1])
            .pattern(WritePattern.ZIPF)
            .stepsPerDot(1 << 14)
            .cpus(2)
            .build();
    try (MigrationLab lab = MigrationLab.open()) {
      moveAndVerify(lab, guest, lab.nodes("a", nodes), lab.nodes("b", nodes), HYBRID);
    }
  }

  /** A guest that writes slower than the link reads, and a link on which a round takes a while. */
  @Test
  void whatIsWrittenMeanwhileIsReadAgain() throws Exception {
    final JsonNode report =
        moveAndVerify(
            SLOW.apply(writer(WritePattern.RANDOM)),
            HYBRID,
            "--max-bandwidth=48M",
            "--downtime-limit=10");
    final JsonNode warmup = report.path("farpage").path("warmup");
    assertTrue(warmup.path("rounds").size() >= 2, report::toString);
    long invalidated = 0;
    for (final JsonNode round : warmup.path("rounds")) {
      assertTrue(round.path("read-bytes").asLong() > 0, report::toString);
      invalidated += round.path("invalidated-bytes").asLong();
    }
    assertTrue(invalidated > MIB, report::toString);
    final long data = report.path("farpage").path("data-bytes").asLong();
    assertTrue(
        warmup.path("read-bytes").asLong() > data - warmup.path("missing-bytes").asLong(),
        report::toString);
    assertTrue(report.path("ram").path("postcopy-bytes").asLong() < data / 2, report::toString);
  }

  /** A copy that the guest writes behind its back must not pass for the page. */
  @Test
  void whatIsWrittenWhileItsCopyIsOnTheWayIsReadAgain() throws Exception {
    final WriterGuest guest =
        SLOW.apply(writer(WritePattern.RANDOM).range(16 * MIB, 40 * MIB)).build();
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final LocalMigration migration =
          lab.add(LocalMigration.startSource(source.qmpSocket(), lab.directory()));
      final SlowLink link = lab.add(new SlowLink(migration.port(), 32L * MIB));
      final Path report = lab.directory().resolve("report.json");
      final DaemonProcess daemon =
          lab.add(
              DaemonProcess.start(
                  List.of(
                      "dest",
                      "--qmp=" + destination.qmpSocket(),
                      "--source=127.0.0.1:" + link.port(),
                      "--state-dir=" + migration.stateDirectory(),
                      "--report=" + report,
                      "--json",
                      HYBRID),
                  line -> {}));
      assertEquals(0, daemon.awaitExit(MigrationLab.BOOT), () -> daemon.output().toString());
      final JsonNode figures = new ObjectMapper().readTree(report.toFile());
      destination.verify();
      requireWarmup(figures);
      final long wasted =
          StreamSupport.stream(
                  figures.path("farpage").path("warmup").path("rounds").spliterator(), false)
              .mapToLong(round -> round.path("wasted-bytes").asLong())
              .sum();
      assertTrue(wasted > 0, figures::toString);
    }
  }

  @Test
  void aPausedGuestMovesAndStaysPaused() throws Exception {
    final WriterGuest guest = writer(WritePattern.RANDOM).build();
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      source.qmp().execute("stop");
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final JsonNode report = lab.migrate(source, destination, HYBRID).report();
      requireWarmup(report);
      assertEquals("paused", destination.runState());
      destination.verify();
      destination.qmp().execute("cont");
      destination.requireWriting();
      destination.verify();
    }
  }

  @Test
  void anIdleGuestHardlyWaitsForAPage() throws Exception {
    final JsonNode report = moveAndVerify(writer(WritePattern.IDLE), HYBRID);
    assertTrue(report.path("farpage").path("demand-faults").asInt() <= 8, report::toString);
    assertTrue(report.path("ram").path("postcopy-bytes").asLong() <= MIB, report::toString);
  }

  /** What it wrote last is fetched while it stands still. */
  @ParameterizedTest
  @EnumSource(names = {"IDLE", "RANDOM"})
  void afterAPrecopyTheGuestWaitsForNothing(final WritePattern pattern) throws Exception {
    final JsonNode report = moveAndVerify(SLOW.apply(writer(pattern)), PRECOPY);
    final long whileItStood =
        report.path("farpage").path("warmup").path("missing-after-stop-bytes").asLong();
    assertEquals(
        whileItStood, report.path("ram").path("postcopy-bytes").asLong(), report::toString);
    if (pattern == WritePattern.IDLE) {
      assertEquals(0, whileItStood, report::toString);
    }
  }
}
