package io.farpage.pager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WaitChoiceTest {
  private final SplittableRandom random = new SplittableRandom(1);

  @ParameterizedTest
  @CsvSource({"60000, 40000, true", "13000, 15000, false", "15000, 12000, true"})
  void theFasterIsTakenNineTimesInTen(
      final long sleepingNs, final long spinningNs, final boolean spins) {
    final WaitChoice choice = new WaitChoice();
    settle(choice, sleepingNs, spinningNs, 1_000);
    final double share = settle(choice, sleepingNs, spinningNs, 20_000);
    assertEquals(spins ? 1 : 0, share, 0.1);
  }

  @Test
  void anotherLoadChangesTheChoice() {
    final WaitChoice choice = new WaitChoice();
    settle(choice, 60_000, 40_000, 20_000);
    settle(choice, 15_000, 30_000, 5_000);
    assertTrue(settle(choice, 15_000, 30_000, 10_000) < 0.1);
  }

  @Test
  void aFewLongWaitsDecideNothing() {
    final WaitChoice choice = new WaitChoice();
    int spun = 0;
    for (int i = 0; i < 20_000; i++) {
      final boolean spins = choice.spinNs() > 0;
      spun += spins ? 1 : 0;
      choice.onAnswer(spins ? i % 100 == 0 ? 50_000_000 : 20_000 : 30_000);
    }
    assertTrue(spun > 18_000, "spun " + spun);
  }

  /** Returns the share of answers that were waited for by spinning. */
  private double settle(
      final WaitChoice choice, final long sleepingNs, final long spinningNs, final int answers) {
    int spun = 0;
    for (int i = 0; i < answers; i++) {
      final boolean spins = choice.spinNs() > 0;
      spun += spins ? 1 : 0;
      choice.onAnswer((long) ((spins ? spinningNs : sleepingNs) * random.nextDouble(0.8, 1.2)));
    }
    return (double) spun / answers;
  }
}
