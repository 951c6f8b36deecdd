package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.farpage.guest.TouchHistogram;
import org.junit.jupiter.api.Test;

class FaultThresholdTest {
  /** 1000 ticks a microsecond. */
  private static final TouchClock CLOCK = new TouchClock(1000);

  @Test
  void whatIsGivenStays() {
    final FaultThreshold threshold = FaultThreshold.of(3);
    threshold.see(TouchHistogram.of(50_000, 50_000), CLOCK);
    assertEquals(3, threshold.micros());
  }

  @Test
  void aFastGuestHasTheUsualOne() {
    final FaultThreshold threshold = FaultThreshold.automatic();
    assertEquals(5, threshold.micros());
    threshold.see(TouchHistogram.EMPTY, CLOCK);
    threshold.see(TouchHistogram.of(300, 400, 500), CLOCK);
    assertEquals(5, threshold.micros());
  }

  @Test
  void aSlowGuestHasTwiceWhatItUsuallyTakesAndKeepsThat() {
    final FaultThreshold threshold = FaultThreshold.automatic();
    threshold.see(TouchHistogram.of(13_000, 13_000), CLOCK);
    assertEquals(26, threshold.micros(), 1);
    threshold.see(TouchHistogram.of(300), CLOCK);
    assertEquals(26, threshold.micros(), 1);
  }
}
