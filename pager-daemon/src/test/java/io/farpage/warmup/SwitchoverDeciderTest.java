package io.farpage.warmup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.warmup.SwitchoverDecider.Decision;
import io.farpage.warmup.SwitchoverDecider.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SwitchoverDeciderTest {
  private static final long MIB = 1 << 20;
  private static final long DATA = 1000 * MIB;

  private final SwitchoverDecider hybrid = decider(new WarmupLimits(false, 30_000, 10, 300));
  private final SwitchoverDecider precopy = decider(new WarmupLimits(true, 0, 0, 300));

  @Test
  void aRestThatFitsIntoTheDowntimeEndsAPrecopy() {
    final List<WarmupRound> rounds = built(round(100).rate(700), round(12).rate(700));
    requireSwitchOver(
        Reason.FITS_DOWNTIME_LIMIT,
        "rest 12 MiB would take 17 ms at 700 MiB/s, within the 300 ms allowed",
        precopy.afterRound(rounds, 1500, DATA));
  }

  /** The guest waits for the rest of a hybrid while it runs. */
  @Test
  void aHybridWantsASmallerRest() {
    requireGoOn(
        "rest 12 MiB would take 17 ms at 700 MiB/s, more than the 10 ms allowed",
        hybrid.afterRound(built(round(100).rate(700), round(12).rate(700)), 1500, DATA));
    requireSwitchOver(
        Reason.FITS_DOWNTIME_LIMIT,
        "rest 6144 KiB would take 9 ms at 700 MiB/s, within the 10 ms allowed",
        hybrid.afterRound(built(round(100).rate(700), round(6).rate(700)), 1500, DATA));
  }

  @Test
  void theLimitOfTheDowntimeIsExact() {
    assertTrue(precopy.afterRound(built(round(300).rate(1000)), 0, DATA).switchOver());
    requireGoOn(
        "rest 301 MiB would take 301 ms at 1000 MiB/s, more than the 300 ms allowed",
        precopy.afterRound(built(round(301).rate(1000)), 0, DATA));
  }

  @Test
  void nothingMissingFitsWhateverTheBandwidth() {
    final SwitchoverDecider none = decider(new WarmupLimits(true, 0, 0, 0));
    requireSwitchOver(
        Reason.FITS_DOWNTIME_LIMIT,
        "nothing is missing",
        none.afterRound(built(round(0).rate(0)), 0, 0));
    requireGoOn(
        "rest 20 MiB, and nothing was read that tells how fast",
        none.afterRound(built(round(20).rate(0)), 0, 0));
  }

  @Test
  void theLastRoundTellsMostOfTheBandwidth() {
    // (1 x 700 + 2 x 350 + 4 x 700) / 7, and the first round is too long ago
    requireGoOn(
        "rest 300 MiB would take 500 ms at 600 MiB/s, more than the 10 ms allowed",
        hybrid.afterRound(
            built(
                round(700).rate(9000),
                round(600).rate(700),
                round(500).rate(350),
                round(300).rate(700)),
            0,
            DATA));
    // a round that read nothing says nothing
    assertTrue(
        hybrid
            .afterRound(built(round(200).rate(700), round(180).rate(0)), 0, DATA)
            .explanation()
            .contains("180 MiB would take 257 ms at 700 MiB/s"));
  }

  @Test
  void whenOnlyHotPagesAreLeftAnotherRoundHasNothingToRead() {
    final List<WarmupRound> rounds = built(round(500).hot(491));
    requireSwitchOver(
        Reason.ONLY_HOT_PAGES_LEFT,
        "500 MiB of 1000 MiB are missing, and the guest keeps writing to 491 MiB of them",
        hybrid.afterRound(rounds, 0, DATA));
    assertEquals(Reason.CONTINUE, hybrid.afterRound(built(round(500).hot(490)), 0, DATA).reason());
    assertEquals(Reason.CONTINUE, precopy.afterRound(rounds, 0, DATA).reason());
    requireSwitchOver(
        Reason.ONLY_HOT_PAGES_LEFT,
        "500 MiB of 1000 MiB are missing, and the guest keeps writing to all of them",
        hybrid.afterRound(built(round(500).hot(500)), 0, DATA));
  }

  @Test
  void aRestThatDoesNotShrinkIsLeftForLater() {
    requireSwitchOver(
        Reason.NOT_SHRINKING,
        "round 2 took the rest from 500 MiB to 460 MiB: the guest writes as fast as it is read",
        hybrid.afterRound(built(round(500), round(460)), 0, DATA));
    assertEquals(
        Reason.CONTINUE, hybrid.afterRound(built(round(500), round(450)), 0, DATA).reason());
    assertEquals(
        Reason.NOT_SHRINKING, hybrid.afterRound(built(round(500), round(600)), 0, DATA).reason());
  }

  @Test
  void oneRoundAloneIsEnoughOnlyWhenItLeftNearlyEverything() {
    requireSwitchOver(
        Reason.NOT_SHRINKING,
        "round 1 took the rest from 1000 MiB to 901 MiB: the guest writes as fast as it is read",
        hybrid.afterRound(built(round(901)), 0, DATA));
    assertEquals(
        Reason.CONTINUE,
        hybrid.afterRound(built(round(900).read(1000).wasted(900)), 0, DATA).reason());
  }

  @Test
  void aRoundThatReadForNothingIsTheLast() {
    requireSwitchOver(
        Reason.NOT_SHRINKING,
        "round 2 read 200 MiB, and the guest wrote to 180 MiB of what had been read",
        hybrid.afterRound(
            built(round(500), round(400).read(200).wasted(100).invalidated(80)), 0, DATA));
    assertEquals(
        Reason.CONTINUE,
        hybrid
            .afterRound(
                built(round(500), round(400).read(200).wasted(100).invalidated(79)), 0, DATA)
            .reason());
  }

  @Test
  void aHybridReadsNotMuchMoreThanTheData() {
    final long budget = 1150 * MIB;
    final List<WarmupRound> rounds = built(round(500));
    assertEquals(Reason.CONTINUE, hybrid.afterRound(rounds, 0, budget).reason());
    assertEquals(Reason.CONTINUE, hybrid.during(0, budget).reason());
    final String why =
        "1150 MiB were read for 1000 MiB of data: more would cost more than to fetch the rest"
            + " afterwards";
    requireSwitchOver(Reason.BUDGET_SPENT, why, hybrid.afterRound(rounds, 0, budget + 1));
    requireSwitchOver(Reason.BUDGET_SPENT, why, hybrid.during(0, budget + 1));
    assertEquals(Reason.CONTINUE, precopy.during(0, 100 * DATA).reason());
    assertEquals(Reason.CONTINUE, precopy.afterRound(rounds, 0, 100 * DATA).reason());
  }

  @Test
  void aHybridSwitchesOverAtItsLimits() {
    final List<WarmupRound> rounds = built(round(500).rate(100));
    final String state =
        "rest 500 MiB would take 5000 ms at 100 MiB/s, more than the 10 ms allowed";
    assertEquals(Reason.CONTINUE, hybrid.afterRound(rounds, 29_999, DATA).reason());
    requireSwitchOver(
        Reason.TIME_LIMIT,
        "30 s of warm-up are over; " + state,
        hybrid.afterRound(rounds, 30_000, DATA));
    requireSwitchOver(
        Reason.TIME_LIMIT,
        "30 s of warm-up are over; the rest has not become small enough",
        hybrid.during(30_000, DATA));
    assertFalse(hybrid.during(29_999, DATA).switchOver());
    requireSwitchOver(
        Reason.ROUND_LIMIT,
        "round 1 was the last allowed; " + state,
        decider(new WarmupLimits(false, 0, 1, 300)).afterRound(rounds, 1 << 30, DATA));
  }

  @Test
  void aPrecopyGivesUpAtItsLimits() {
    final SwitchoverDecider limited = decider(new WarmupLimits(true, 5_000, 2, 300));
    final List<WarmupRound> two = built(round(500), round(400).rate(100));
    final Decision late = limited.afterRound(two, 5_000, DATA);
    assertTrue(late.giveUp());
    assertFalse(late.switchOver());
    assertEquals(Reason.TIME_LIMIT, late.reason());
    assertTrue(late.explanation().startsWith("5000 ms of warm-up are over; rest 400 MiB"));
    final Decision many = limited.afterRound(two, 4_999, DATA);
    assertTrue(many.giveUp());
    assertEquals(Reason.ROUND_LIMIT, many.reason());
    final Decision middle = limited.during(5_000, DATA);
    assertTrue(middle.giveUp());
    assertEquals(Reason.TIME_LIMIT, middle.reason());
    // what fits, fits: the limit is no reason to give up then
    assertTrue(limited.afterRound(built(round(1)), 5_000, DATA).switchOver());
  }

  @Test
  void aPrecopyThatWillNeverEndSaysSo() {
    final List<WarmupRound> rounds =
        built(
            round(400).rate(700).dirty(900),
            round(390).rate(700).dirty(800),
            round(395).rate(700).dirty(700));
    assertFalse(precopy.converges(rounds));
    requireGoOn(
        "this will never end by itself: the guest writes 800 MiB/s, and 700 MiB/s are read;"
            + " rest 395 MiB would take 564 ms at 700 MiB/s, more than the 300 ms allowed; raise"
            + " --downtime-limit or --max-bandwidth, slow the guest, or switch over now with"
            + " 'farpage ctl SOCK start-postcopy'",
        precopy.afterRound(rounds, 10_000, 3 * DATA));
    assertTrue(precopy.converges(rounds.subList(0, 2)), "two rounds are no trend");
  }

  @Test
  void aPrecopyConvergesWhileTheRestShrinksOrTheGuestWritesSlowly() {
    assertTrue(
        precopy.converges(
            built(
                round(500).rate(700).dirty(900),
                round(470).rate(700).dirty(900),
                round(440).rate(700).dirty(900))));
    assertTrue(
        precopy.converges(
            built(
                round(400).rate(700).dirty(300),
                round(400).rate(700).dirty(300),
                round(400).rate(700).dirty(300))));
  }

  @Test
  void aPrecopyOfWhichOnlyHotPagesAreLeftNeverEndsEither() {
    final List<WarmupRound> rounds =
        built(
            round(400).hot(400).rate(700).dirty(300),
            round(400).hot(400).rate(700).dirty(300),
            round(400).hot(400).rate(700).dirty(300));
    assertFalse(precopy.converges(rounds));
    assertTrue(
        precopy
            .afterRound(rounds, 0, DATA)
            .explanation()
            .startsWith(
                "this will never end by itself: 400 MiB of 1000 MiB are missing, and the guest"
                    + " keeps writing to all of them; rest 400 MiB"));
  }

  @Test
  void withoutARoundOnlyTheLimitsHold() {
    assertEquals(Reason.CONTINUE, hybrid.afterRound(List.of(), 0, 0).reason());
    assertEquals(Reason.TIME_LIMIT, hybrid.afterRound(List.of(), 30_000, 0).reason());
    assertThrows(IllegalArgumentException.class, () -> new WarmupLimits(false, -1, 0, 0));
  }

  @Test
  void reasonsAreSpelledWithHyphens() {
    assertEquals("fits-downtime-limit", Reason.FITS_DOWNTIME_LIMIT.label());
    assertEquals("written-once-stays-written", Reason.WRITTEN_ONCE_STAYS_WRITTEN.label());
  }

  @Test
  void figuresAreShort() {
    assertEquals("0 bytes", FigureText.bytes(0));
    assertEquals("10239 bytes", FigureText.bytes(10_239));
    assertEquals("10 KiB", FigureText.bytes(10_240));
    assertEquals("1536 MiB/s", FigureText.rate(1.5 * (1 << 30)));
    assertEquals("12 GiB", FigureText.bytes(12.4 * (1 << 30)));
    assertEquals("9990 ms", FigureText.time(9_990));
    assertEquals("12.3 s", FigureText.time(12_345));
  }

  private static SwitchoverDecider decider(final WarmupLimits limits) {
    return new SwitchoverDecider(limits, DATA);
  }

  private static void requireSwitchOver(
      final Reason reason, final String explanation, final Decision decision) {
    assertEquals(new Decision(true, false, reason, explanation), decision);
  }

  private static void requireGoOn(final String explanation, final Decision decision) {
    assertEquals(new Decision(false, false, Reason.CONTINUE, explanation), decision);
  }

  private static Round round(final long missingMib) {
    return new Round(missingMib);
  }

  private static List<WarmupRound> built(final Round... rounds) {
    return built(List.of(rounds));
  }

  private static List<WarmupRound> built(final List<Round> rounds) {
    final List<WarmupRound> built = new ArrayList<>();
    for (final Round each : rounds) {
      built.add(each.build(built.size() + 1));
    }
    return built;
  }

  /** The figures of a round in MiB, those that matter to a test named. */
  private static final class Round {
    private final long missing;
    private long hot;
    private long read = 100;
    private long wasted;
    private long invalidated;
    private long rate = 100;
    private long dirty;

    Round(final long missing) {
      this.missing = missing;
    }

    Round hot(final long mib) {
      hot = mib;
      return this;
    }

    Round read(final long mib) {
      read = mib;
      return this;
    }

    Round wasted(final long mib) {
      wasted = mib;
      return this;
    }

    Round invalidated(final long mib) {
      invalidated = mib;
      return this;
    }

    Round rate(final long mibPerSecond) {
      rate = mibPerSecond;
      return this;
    }

    Round dirty(final long mibPerSecond) {
      dirty = mibPerSecond;
      return this;
    }

    WarmupRound build(final int number) {
      return new WarmupRound(
          number,
          0,
          1000,
          read * MIB,
          read * MIB,
          wasted * MIB,
          invalidated * MIB,
          missing * MIB,
          hot * MIB,
          DATA - missing * MIB,
          1,
          0,
          rate * MIB,
          dirty * MIB);
    }
  }
}
