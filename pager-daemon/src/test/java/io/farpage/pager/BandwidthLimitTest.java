package io.farpage.pager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.concurrent.CachedNanoClock;
import org.junit.jupiter.api.Test;

class BandwidthLimitTest {
  private static final long SECOND = 1_000_000_000L;

  private final CachedNanoClock clock = new CachedNanoClock();

  @Test
  void theRateIsKeptOverTime() {
    final BandwidthLimit limit = new BandwidthLimit(1_000_000, clock);
    long taken = 0;
    for (long now = 0; now < 10 * SECOND; now += 100_000) {
      clock.update(now);
      while (limit.mayTake()) {
        limit.take(4096);
        taken += 4096;
      }
    }
    assertEquals(10_000_000, taken, 100_000 + 2 * 4096);
  }

  @Test
  void timeThatWasNotUsedIsWorthOneBurst() {
    final BandwidthLimit limit = new BandwidthLimit(1_000_000, clock);
    clock.update(100 * SECOND);
    long taken = 0;
    while (limit.mayTake()) {
      limit.take(1000);
      taken += 1000;
    }
    assertEquals(100_000, taken, 1000);
  }

  @Test
  void timeInWhichNobodyWantedToReadIsWorthNothing() {
    final BandwidthLimit limit = new BandwidthLimit(1_000_000, clock);
    clock.update(100 * SECOND);
    limit.restart();
    assertTrue(limit.mayTake());
    limit.take(1000);
    assertFalse(limit.mayTake());
    limit.restart();
    assertFalse(limit.mayTake(), "a debt is forgotten");
  }

  @Test
  void zeroIsNoLimit() {
    final BandwidthLimit limit = new BandwidthLimit(0, clock);
    for (int i = 0; i < 100; i++) {
      assertTrue(limit.mayTake());
      limit.take(1L << 40);
    }
    assertThrows(IllegalArgumentException.class, () -> new BandwidthLimit(-1, clock));
  }
}
