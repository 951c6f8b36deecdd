package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.trace.FaultKind;
import io.farpage.trace.FaultTrace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults of real guests, recorded and replayed. */
@Tag("once")
class RecordedFaultsTest {
  private static final int SIZE_MIB = 64;
  private static final int PAGES = SIZE_MIB * MIB / 4096;

  private static WriterGuest writer(final WritePattern pattern) {
    return WriterGuest.builder(MachineType.PC, SIZE_MIB * MIB)
        .pattern(pattern)
        .stepsPerDot(1 << 14)
        .build();
  }

  /** The guest goes through its pages in order, so the recording has each of them once. */
  @Test
  void aRecordingHasEveryPageOfASequentialGuestAndNothingIsAllocatedForIt() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Path file = lab.directory().resolve("guest.faults");
      final WriterGuest guest = writer(WritePattern.SEQUENTIAL);
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final JsonNode report =
          lab.migrate(source, destination, "--record-faults=" + file, "--prefetch-after=4")
              .report();
      destination.verify();
      assertEquals(
          0, report.path("farpage").path("allocated-bytes-postcopy").asLong(-1), report::toString);
      final FaultTrace trace = FaultTrace.read(file);
      assertEquals(PAGES, trace.space().pageCount());
      assertTrue(trace.serviceNs() > 0);
      assertEquals(trace.data().count(), trace.missing().count());
      int steps = 0;
      int demand = 0;
      for (int i = 1; i < trace.count(); i++) {
        steps += trace.page(i) == trace.page(i - 1) + 1 ? 1 : 0;
        demand += trace.kind(i) == FaultKind.DEMAND ? 1 : 0;
      }
      assertTrue(steps >= trace.count() * 9 / 10, steps + " steps in " + trace.count());
      assertTrue(demand >= PAGES / 2, demand + " demand faults");
    }
  }

  @Test
  void afterAWarmupTheRecordingTellsWhatWasMissingAndHowHotItWas() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Path file = lab.directory().resolve("guest.faults");
      final WriterGuest guest = writer(WritePattern.RANDOM);
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      lab.migrate(
          source,
          destination,
          "--mode=hybrid",
          "--warmup-time=1",
          "--record-faults=" + file,
          "--prefetch-after=2");
      destination.verify();
      final FaultTrace trace = FaultTrace.read(file);
      assertNotNull(trace.heat());
      final long missing = trace.missing().count();
      assertTrue(missing > 0 && missing <= trace.data().count(), missing + " missing");
      int local = 0;
      for (int i = 0; i < trace.count(); i++) {
        local += trace.kind(i) == FaultKind.LOCAL ? 1 : 0;
      }
      assertTrue(missing == trace.data().count() || local > 0, local + " local faults");
    }
  }

  /** The file is read, and replaced when all has arrived. */
  @Test
  void aGuestIsReplayedAndRecordedAnewIntoTheSameFile() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Path file = lab.directory().resolve("guest.faults");
      final WriterGuest guest = writer(WritePattern.RANDOM);
      final Vm first = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm second = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      lab.migrate(first, second, "--record-faults=" + file, "--prefetch-after=1");
      final byte[] recorded = Files.readAllBytes(file);
      final Vm third = lab.destination(guest, lab.memory(SIZE_MIB, "c"));
      final JsonNode report =
          lab.migrate(
                  second,
                  third,
                  "--replay-faults=" + file,
                  "--record-faults=" + file,
                  "--prefetch=replay")
              .report();
      third.verify();
      assertEquals(
          0, report.path("farpage").path("allocated-bytes-postcopy").asLong(-1), report::toString);
      assertFalse(Arrays.equals(recorded, Files.readAllBytes(file)));
      FaultTrace.read(file);
    }
  }

  /** A recording of a larger guest holds pages that this one does not have. */
  @Test
  void aRecordingOfAnotherGuestDoesNoHarm() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Path file = lab.directory().resolve("guest.faults");
      final WriterGuest large =
          WriterGuest.builder(MachineType.PC, 2 * SIZE_MIB * MIB)
              .pattern(WritePattern.RANDOM)
              .stepsPerDot(1 << 14)
              .build();
      lab.migrate(
          lab.source(large, lab.memory(2 * SIZE_MIB, "a")),
          lab.destination(large, lab.memory(2 * SIZE_MIB, "b")),
          "--record-faults=" + file,
          "--prefetch-after=1");
      final WriterGuest guest = writer(WritePattern.STRIDE);
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "c"));
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "d"));
      lab.migrate(source, destination, "--replay-faults=" + file);
      destination.verify();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "bubble", "trend"})
  void noWriteIsLostWhateverThePolicy(final String policy) throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final WriterGuest guest = writer(WritePattern.ZIPF);
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final JsonNode report = lab.migrate(source, destination, "--prefetch=" + policy).report();
      destination.requireWriting();
      destination.verify();
      assertEquals(
          0, report.path("farpage").path("allocated-bytes-postcopy").asLong(-1), report::toString);
    }
  }
}
