package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Java machine stays out of the way while the guest waits for pages. */
class QuietPostcopyTest {
  /**
   * The guest visits its 32,000 pages in random order. At 1 MiB a second the prefetcher has fetched
   * as many as the guest only if that takes less than 400 pages a second.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void nothingIsAllocatedAndNothingCollectedInTwentyThousandFaults(final int agents)
      throws Exception {
    final WriterGuest guest =
        WriterGuest.builder(MachineType.PC, 128 * MIB)
            .pattern(WritePattern.RANDOM)
            .stepsPerDot(1 << 14)
            .build();
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.memory(128, "a"));
      final Vm destination = lab.destination(guest, lab.memory(128, "b"));
      final JsonNode report =
          lab.migrate(
                  source, destination, "--max-postcopy-bandwidth=1M", "--demand-agents=" + agents)
              .report();
      final JsonNode figures = report.path("farpage");
      assertTrue(figures.path("demand-faults").asLong() >= 20_000, report::toString);
      assertEquals(0, figures.path("allocated-bytes-postcopy").asLong(-1), report::toString);
      assertEquals(0, figures.path("gc-count-postcopy").asLong(-1), report::toString);
      destination.verify();
    }
  }

  /**
   * A guest that has written to all of its pages by the end of the warm-up waits for few of them:
   * neighbours come along with each.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void norAfterAWarmupWhenNeighboursComeAlong(final int agents) throws Exception {
    final WriterGuest guest =
        WriterGuest.builder(MachineType.PC, 128 * MIB)
            .pattern(WritePattern.RANDOM)
            .stepsPerDot(1 << 14)
            .build();
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.memory(128, "a"));
      final Vm destination = lab.destination(guest, lab.memory(128, "b"));
      final JsonNode report =
          lab.migrate(
                  source,
                  destination,
                  "--mode=hybrid",
                  "--warmup-time=1",
                  "--max-bandwidth=16M",
                  "--max-postcopy-bandwidth=32M",
                  "--demand-agents=" + agents)
              .report();
      final JsonNode figures = report.path("farpage");
      assertTrue(figures.path("demand-faults").asLong() >= 1000, report::toString);
      assertTrue(figures.path("clustered-pages").asLong() >= 1000, report::toString);
      assertTrue(figures.path("prefetched-pages").asLong() >= 1000, report::toString);
      assertEquals(0, figures.path("allocated-bytes-postcopy").asLong(-1), report::toString);
      assertEquals(0, figures.path("gc-count-postcopy").asLong(-1), report::toString);
      destination.verify();
    }
  }
}
