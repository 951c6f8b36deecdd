package io.farpage.bench.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.prefetch.PrefetchPolicies;
import io.farpage.trace.FaultTrace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulationTest {
  private static final int PAGES = 8192;
  private static final LinkModel LINK = LinkModel.DEFAULT;

  /** 16 pages of 4 KiB at 800 MiB/s. */
  private static final long CHUNK_NS = 78_125;

  private static final long PAGE_NS = 4883;

  @Test
  void aDemandFaultTakesTheWayTheServiceAndTheTransfer() throws IOException {
    // page 5000 at once: the sweep is elsewhere
    final SimulationResult result = sweep(MadeTrace.of(PAGES, 0, IntStream.of(5000)));
    assertEquals(1, result.demandFaults());
    assertEquals(0, result.waits());
    assertEquals(30_000 + 5_000 + PAGE_NS, result.lostNs());
  }

  @Test
  void aPageInFlightIsWaitedForUntilItsReadIsWhole() throws IOException {
    // pages 0 to 15 are on the way from the begin
    final SimulationResult result = sweep(MadeTrace.of(PAGES, 0, IntStream.of(3)));
    assertEquals(0, result.demandFaults());
    assertEquals(1, result.waits());
    // the service of the read, and that of the fault
    assertEquals(30_000 + 5_000 + CHUNK_NS + 5_000, result.lostNs());
  }

  @Test
  void aPageThatHasArrivedCostsNothingAndItsLeadIsKnown() throws IOException {
    // the guest thinks for a millisecond, and then touches what came first
    final FaultTrace trace = MadeTrace.of(PAGES, 1_000_000, IntStream.of(0, 1));
    final SimulationResult result = sweep(trace);
    assertEquals(1, result.waits());
    assertEquals(2, result.covered());
    // the first touch waits for the first read, and the second comes a thought after it
    assertEquals(1_000_000 + 5_000, result.leadNs());
    assertEquals(100.0, result.coveragePercent());
  }

  @Test
  void aSecondTouchOfAPageIsNone() throws IOException {
    final SimulationResult result = sweep(MadeTrace.of(PAGES, 0, IntStream.of(5000, 5000)));
    assertEquals(1, result.touched());
    assertEquals(1, result.demandFaults());
  }

  @Test
  void nothingIsCountedTwice() throws IOException {
    for (final String policy : PrefetchPolicies.NAMES) {
      final FaultTrace trace = MadeTrace.of(PAGES, 20_000, shuffled(1).limit(PAGES / 2));
      final SimulationResult result = Simulation.run(trace, LINK, policy, trace);
      assertEquals(PAGES / 2, result.touched(), policy);
      assertTrue(result.demandFaults() + result.covered() >= PAGES / 2, policy + ": " + result);
      assertEquals(result, Simulation.run(trace, LINK, policy, trace), policy);
      assertTrue(result.prefetched() + result.demandFaults() <= PAGES, policy + ": " + result);
      assertTrue(result.completeNs() > 0, policy + ": " + result);
    }
  }

  @Test
  void allOfTheMemoryTakesAsLongAsTheLinkDoes() throws IOException {
    // one touch at the begin, and one after a second
    final SimulationResult result =
        sweep(MadeTrace.of(PAGES, 1_000_000_000, IntStream.of(0, PAGES - 1)));
    final long transferNs = LINK.transferNs(PAGES * 4096L);
    assertTrue(
        result.completeNs() >= transferNs && result.completeNs() < transferNs * 1.02,
        result.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, -1, 3, 17, -5})
  void theDefaultKeepsAheadOfAStride(final int stride) throws IOException {
    final int count = PAGES / 2 / Math.abs(stride);
    final IntStream touched =
        IntStream.range(0, count).map(i -> (stride > 0 ? 100 : PAGES - 100) + i * stride);
    // slow enough a link that the sweep cannot have everything there in time
    final LinkModel slow = new LinkModel(30_000, 100 << 20, 5_000, 64 << 10, 4 << 20, 1 << 20);
    final SimulationResult result =
        Simulation.run(MadeTrace.of(PAGES, 60_000, touched), slow, "auto", null);
    assertTrue(result.demandPercent() < 10, result.toString());
  }

  @ParameterizedTest
  @ValueSource(longs = {1_000, 20_000, 200_000})
  void onRandomTouchesTheDefaultIsNotWorseThanTheSweep(final long thinkNs) throws IOException {
    long auto = 0;
    long autoLost = 0;
    long sweep = 0;
    long sweepLost = 0;
    for (int seed = 0; seed < 8; seed++) {
      final FaultTrace trace = MadeTrace.of(4 * PAGES, thinkNs, shuffled(4 * PAGES, seed));
      final SimulationResult one = Simulation.run(trace, LINK, "auto", null);
      final SimulationResult other = sweep(trace);
      auto += one.demandFaults();
      autoLost += one.lostNs();
      sweep += other.demandFaults();
      sweepLost += other.lostNs();
    }
    assertTrue(auto <= sweep * 1.02, auto + " demand faults, the sweep has " + sweep);
    assertTrue(autoLost <= sweepLost * 1.02, autoLost + " ns lost, the sweep " + sweepLost);
  }

  @Test
  void aReplayOfTheSameRunMissesNothing() throws IOException {
    final FaultTrace trace = MadeTrace.of(PAGES, 20_000, shuffled(3));
    for (final String policy : List.of("auto", "replay")) {
      final SimulationResult result = Simulation.run(trace, LINK, policy, trace);
      assertTrue(result.demandPercent() <= 1, policy + ": " + result);
    }
  }

  @Test
  void withoutARecordingThereIsNoReplay() throws IOException {
    final FaultTrace trace = MadeTrace.of(PAGES, 0, IntStream.of(1));
    assertThrows(IllegalArgumentException.class, () -> Simulation.run(trace, LINK, "replay", null));
  }

  private static SimulationResult sweep(final FaultTrace trace) {
    return Simulation.run(trace, LINK, "sweep", null);
  }

  private static IntStream shuffled(final int seed) {
    return shuffled(PAGES, seed);
  }

  private static IntStream shuffled(final int count, final int seed) {
    final List<Integer> pages =
        IntStream.range(0, count).boxed().collect(Collectors.toCollection(ArrayList::new));
    Collections.shuffle(pages, new Random(seed));
    return pages.stream().mapToInt(page -> page);
  }
}
