package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.bench.simulation.LinkModel;
import io.farpage.bench.simulation.Simulation;
import io.farpage.bench.simulation.SimulationResult;
import io.farpage.trace.FaultTrace;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the default policy makes of the recorded guests: the figures that it is held to. */
class RecordedGuestsTest {
  private static final LinkModel LINK = LinkModel.DEFAULT;

  /** 1 Gbit/s and a bit less: memory takes seconds, and the order matters more. */
  private static final LinkModel SLOW_LINK =
      new LinkModel(
          LINK.roundTripNs(),
          100 << 20,
          LINK.serviceNs(),
          LINK.minChunkBytes(),
          LINK.maxChunkBytes(),
          LINK.maxInFlightBytes());

  @ParameterizedTest
  @CsvSource({
    "sequential, 15",
    "stride, 15",
    "linux-1, 21",
    "linux-2, 21",
    "hot-hybrid, 2",
    "linux-hybrid, 2"
  })
  void fewPagesAreAskedFor(final String guest, final double maxPercent) throws IOException {
    final SimulationResult fast = run(guest, LINK, "auto", null);
    assertTrue(fast.demandPercent() <= maxPercent, fast.toString());
    final SimulationResult slow = run(guest, SLOW_LINK, "auto", null);
    assertTrue(slow.demandPercent() <= maxPercent, slow.toString());
    assertTrue(fast.touched() > 1000, fast.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sequential", "stride", "random", "zipf", "hot", "hot-hybrid", "linux-1"})
  void aReplayOfTheSameRunLeavesFew(final String guest) throws IOException {
    final SimulationResult result = run(guest, LINK, "auto", guest);
    assertTrue(result.demandPercent() <= 3, result.toString());
  }

  /** Which is what happens: the guest was recorded when it was moved before. */
  @Test
  void aReplayOfAnotherRunOfTheGuestLeavesFewToo() throws IOException {
    final SimulationResult forth = run("linux-2", LINK, "auto", "linux-1");
    assertTrue(forth.demandPercent() <= 3, forth.toString());
    final SimulationResult back = run("linux-1", LINK, "auto", "linux-2");
    assertTrue(back.demandPercent() <= 3, back.toString());
    final SimulationResult without = run("linux-2", SLOW_LINK, "auto", null);
    final SimulationResult with = run("linux-2", SLOW_LINK, "auto", "linux-1");
    assertTrue(with.demandFaults() < without.demandFaults(), with + " against " + without);
  }

  @Test
  void aReplayOfQuiteAnotherGuestDoesLittleHarm() throws IOException {
    final SimulationResult without = run("linux-1", LINK, "auto", null);
    final SimulationResult with = run("linux-1", LINK, "auto", "random");
    assertTrue(with.demandPercent() <= without.demandPercent() + 2, with + " against " + without);
  }

  @Test
  void onRandomTouchesItIsNotWorseThanTheSweep() throws IOException {
    final SimulationResult sweep = run("random", LINK, "sweep", null);
    final SimulationResult auto = run("random", LINK, "auto", null);
    assertTrue(auto.demandPercent() <= sweep.demandPercent() + 2, auto + " against " + sweep);
    assertTrue(auto.lostNs() <= sweep.lostNs() * 1.02, auto + " against " + sweep);
  }

  /** Where there is something to learn, the default loses less time than the sweep. */
  @ParameterizedTest
  @ValueSource(strings = {"stride", "hot-hybrid", "linux-1", "linux-2"})
  void onASlowLinkTheGuestLosesLessTimeThanWithTheSweep(final String guest) throws IOException {
    final SimulationResult sweep = run(guest, SLOW_LINK, "sweep", null);
    final SimulationResult auto = run(guest, SLOW_LINK, "auto", null);
    assertTrue(auto.lostNs() < sweep.lostNs(), auto + " against " + sweep);
  }

  @Test
  void theListNamesEveryTrace() throws IOException {
    assertEquals(9, RecordedGuests.all().size());
    assertThrows(IOException.class, () -> RecordedGuests.read("nobody"));
  }

  private static SimulationResult run(
      final String guest, final LinkModel link, final String policy, final String recording)
      throws IOException {
    final FaultTrace known = recording == null ? null : RecordedGuests.read(recording);
    return Simulation.run(RecordedGuests.read(guest), link, policy, known);
  }
}
