package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static io.farpage.migration.RdmaLab.RDMA;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.dirty.DirtyTrackers;
import io.farpage.dirty.DirtyTracking;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Warm-ups by READs from the memory of a guest that runs, with the tracking that the kernel has.
 */
@Tag("lab")
public class RdmaWarmupTest {
  private static final WriterGuest GUEST =
      WriterGuest.builder(MachineType.PC, 64 * MIB)
          .pattern(WritePattern.ZIPF)
          .delayIterations(2000)
          .stepsPerDot(1 << 10)
          .build();

  @Test
  void noWriteIsLost() throws Exception {
    try (MigrationLab lab = RdmaLab.open()) {
      final Vm source = lab.source(GUEST, lab.memory(64, "a"));
      final Vm destination = lab.destination(GUEST, lab.memory(64, "b"));
      final Moved moved =
          new Moved(
              lab.finish(
                      lab.begin(List.of(RDMA), source, destination, RDMA, "--mode=hybrid"),
                      source,
                      destination)
                  .report());
      RdmaLab.requireOneSided(moved.report());
      moved.requireWarmup();
      destination.requireWriting();
      destination.verify();
    }
  }

  @Test
  void pagesGivenBackMeanwhileAreZeros() throws Exception {
    try (MigrationLab lab = RdmaLab.open()) {
      new Moved(WarmupGivenBackTest.ofFourKib(lab, RDMA)).requireWarmup();
    }
  }

  /** What is asked of both. */
  private record Moved(JsonNode report) {
    void requireWarmup() {
      final JsonNode warmup = report.path("farpage").path("warmup");
      final String tracker = DirtyTrackers.best().name().toLowerCase(Locale.ROOT).replace('_', '-');
      assertTrue(DirtyTrackers.best() != DirtyTracking.OFF, "this kernel tracks no writes");
      assertEquals(tracker, warmup.path("tracker").asText(), report::toString);
      assertTrue(warmup.path("read-bytes").asLong() > MIB, report::toString);
      final long oneSided = report.path("farpage").path("one-sided-bytes").asLong();
      assertTrue(oneSided > MIB, report::toString);
    }
  }
}
