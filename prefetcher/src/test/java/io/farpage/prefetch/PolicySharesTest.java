package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PolicySharesTest {
  private static final int ALL = 0b111;

  private final PolicyShares shares = new PolicyShares(3);

  @Test
  void theBestHasNearlyEverythingAndTheOthersSixteenthIsShared() {
    shares.expect(1, 9, 10);
    shares.expect(0, 1, 10);
    final int[] turns = turns(1600, ALL);
    assertEquals(1500, turns[1], 1);
    assertEquals(50, turns[0], 1);
    assertEquals(50, turns[2], 1);
  }

  @Test
  void aMemberThatHasNothingGetsNoTurn() {
    shares.expect(1, 9, 10);
    final int[] turns = turns(160, 0b101);
    assertEquals(0, turns[1]);
    assertEquals(160, turns[0] + turns[2]);
    assertEquals(100, turns(100, 0b100)[2]);
  }

  @Test
  void aMemberThatBecomesBetterTakesTheFirstPlaceAndOneThatIsALittleBetterDoesNot() {
    shares.expect(0, 50, 100);
    shares.expect(1, 54, 100);
    assertTrue(turns(160, ALL)[0] >= 149);
    for (int i = 0; i < 100; i++) {
      shares.onTrial(1);
      shares.onHit(1);
    }
    assertTrue(turns(160, ALL)[1] >= 149);
  }

  @Test
  void whatWasLongAgoIsForgotten() {
    shares.expect(0, 100, 100);
    for (int i = 0; i < 600; i++) {
      shares.onTrial(0);
    }
    assertTrue(shares.rate(0) < 0.05, "the rate is " + shares.rate(0));
  }

  @Test
  void aRateIsNeverMoreThanOne() {
    shares.onTrial(0);
    for (int i = 0; i < 10; i++) {
      shares.onHit(0);
    }
    assertEquals(1, shares.rate(0));
    assertEquals(0, shares.rate(1));
  }

  private int[] turns(final int count, final int able) {
    final int[] turns = new int[3];
    for (int i = 0; i < count; i++) {
      turns[shares.choose(able)]++;
      shares.take(4096);
    }
    return turns;
  }
}
