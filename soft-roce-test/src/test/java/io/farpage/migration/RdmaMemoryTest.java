package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static io.farpage.migration.RdmaLab.PATIENCE;
import static io.farpage.migration.RdmaLab.RDMA;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.jna.Pointer;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.linux.RamFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Guests whose memory is out of the ordinary, moved over RDMA. */
@Tag("lab")
public class RdmaMemoryTest {
  private static final long GIB = 1L << 30;
  private static final double SLACK = 1.05;

  private static WriterGuest smallWriter(final long sizeBytes) {
    return WriterGuest.builder(MachineType.PC, sizeBytes)
        .pattern(WritePattern.RANDOM)
        .range(16 * MIB, 8 * MIB)
        .stepsPerDot(1 << 14)
        .build();
  }

  /** Two backends, and auto on both sides. */
  @Test
  void twoBackendsByThemselves() throws Exception {
    final WriterGuest guest = smallWriter(64 * MIB);
    try (MigrationLab lab = RdmaLab.open()) {
      final Vm source = lab.source(guest, lab.nodes("a", 32 * MIB, 32 * MIB));
      final Vm destination = lab.destination(guest, lab.nodes("b", 32 * MIB, 32 * MIB));
      RdmaLab.requireOneSided(lab.migrate(source, destination).report());
      destination.verify();
    }
  }

  /** More than 2 GiB in one file, most of it empty: it costs what it holds, on both sides. */
  @Test
  void aLargeAndMostlyEmptyGuestCostsWhatItHolds() throws Exception {
    final WriterGuest guest = smallWriter(3 * GIB);
    final List<Ballast> ballast =
        List.of(
            new Ballast(64 * MIB, 8 * MIB),
            new Ballast(GIB - 4 * MIB, 8 * MIB),
            new Ballast(2 * GIB - 4 * MIB, 8 * MIB),
            new Ballast(3 * GIB - 8 * MIB, 8 * MIB));
    try (MigrationLab lab = RdmaLab.open()) {
      final Vm source = lab.source(guest, lab.memoryBytes(3 * GIB, "a"));
      for (final Ballast part : ballast) {
        part.writeTo(source.ramFile());
      }
      final long before = allocatedBytes(source.ramFile());
      final Vm destination = lab.destination(guest, lab.memoryBytes(3 * GIB, "b"));
      final LocalMigration migration =
          lab.begin(
              List.of(RDMA, "--keep-source"),
              source,
              destination,
              RDMA,
              "--max-postcopy-bandwidth=8M");
      MigrationLab.awaitResume(migration);
      final long registered = RdmaLab.awaitRegistered(migration);
      assertTrue(registered <= before * SLACK, () -> registered + " registered of " + before);
      assertTrue(allocatedBytes(source.ramFile()) <= before * SLACK, "the source's file has grown");
      assertTrue(allocatedBytes(destination.ramFile()) <= before * SLACK, "more than it holds");
      RdmaLab.requireOneSided(migration.await(PATIENCE).orThrow().report());
      for (final Ballast part : ballast) {
        part.requireIn(destination.ramFile());
      }
      destination.verify();
    }
  }

  /** A page that was registered, given back, and used again: its old content must not come. */
  @Test
  void pagesGivenBackAfterRegisteringAreReadAsTheyAre() throws Exception {
    final WriterGuest guest = smallWriter(64 * MIB);
    final Ballast old = new Ballast(30 * MIB, 16 * MIB);
    final Ballast used = new Ballast(32 * MIB, 4 * MIB, 43);
    final Ballast fresh = new Ballast(56 * MIB, 4 * MIB, 44);
    try (MigrationLab lab = RdmaLab.open()) {
      final Vm source = lab.source(guest, lab.memory(64, "a"));
      old.writeTo(source.ramFile());
      final Vm destination = lab.destination(guest, lab.memory(64, "b"));
      // QEMU tells that its migration begins when all is registered already
      try (QmpGate gate = new QmpGate(source, "\"setup\"", "never")) {
        final LocalMigration migration =
            lab.add(
                LocalMigration.startSourceOn(
                    RdmaLab.ADDRESS, gate.socket(), lab.directory(), gate.pidOption(), RDMA));
        migration.startDestination(destination.qmpSocket(), RDMA);
        gate.awaitHeld();
        try (RamFile file = RamFile.open(source.ramFile(), true)) {
          file.punchHole(32 * MIB, 8 * MIB);
        }
        used.writeTo(source.ramFile());
        fresh.writeTo(source.ramFile());
        gate.open();
        requireSomeOneSided(lab.finish(migration, source, destination).report());
        used.requireIn(destination.ramFile());
        fresh.requireIn(destination.ramFile());
        requireZeros(destination.ramFile(), 36 * MIB, 4 * MIB);
        destination.verify();
      }
    }
  }

  private static void requireSomeOneSided(final JsonNode report) {
    assertEquals("rdma", report.path("farpage").path("transport").asText(), report::toString);
    assertTrue(report.path("farpage").path("one-sided-bytes").asLong() > 0, report::toString);
  }

  private static void requireZeros(final Path ramFile, final long offset, final int length)
      throws IOException {
    try (RamFile file = RamFile.open(ramFile, false)) {
      final byte[] bytes = new Pointer(file.map()).getByteArray(offset, length);
      for (int i = 0; i < length; i++) {
        assertEquals(0, bytes[i], "what was given back came back");
      }
    }
  }

  private static long allocatedBytes(final Path file) throws IOException {
    // in units of 512 bytes, as stat(2) counts
    final Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
    return 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes()).strip());
  }
}
