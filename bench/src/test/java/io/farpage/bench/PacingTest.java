package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class PacingTest {
  @Test
  void theDelayIsFoundFromWhatAStepTakes() throws IOException {
    final Pacing.Rate guest = delay -> 1e9 / (200 + 0.7 * delay);
    for (final double wanted : new double[] {1_000_000, 30_000, 5_000}) {
      assertEquals(wanted, guest.at(Pacing.delayFor(wanted, guest)), 0.03 * wanted);
    }
  }

  @Test
  void aGuestThatIsSlowAnyhowIsNotDelayed() throws IOException {
    assertEquals(0, Pacing.delayFor(1000, delay -> 900));
  }

  @Test
  void aLoopThatIsSlowAtFirstIsMeasuredAgain() throws IOException {
    // the first thousand iterations take ten times as long
    final Pacing.Rate guest =
        delay -> 1e9 / (200 + 7.0 * Math.min(delay, 1000) + 0.7 * Math.max(0, delay - 1000));
    final double wanted = 10_000;
    assertEquals(wanted, guest.at(Pacing.delayFor(wanted, guest)), 0.03 * wanted);
  }

  @Test
  void measurementsThatMakeNoSenseEndIt() throws IOException {
    assertEquals(1000, Pacing.delayFor(1000, delay -> 5000));
  }
}
