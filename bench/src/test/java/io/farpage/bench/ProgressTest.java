package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.farpage.bench.Progress.Sample;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final Progress PROGRESS =
      Progress.of(
          2000,
          List.of(
              new Sample(0, 0),
              new Sample(1000, 100),
              new Sample(2500, 160),
              new Sample(3000, 150), // an older state is seen where the newer one has not come
              new Sample(4000, 360)));

  @Test
  void workBetweenTwoSamplesIsEven() {
    assertEquals(20, PROGRESS.workAfterResume(500), 1e-9);
    assertEquals(120, PROGRESS.workAfterResume(1500), 1e-9);
    assertEquals(220, PROGRESS.workAfterResume(1_000_000), 1e-9);
  }

  @Test
  void aRateIsOnlyKnownWhereSomebodyLooked() {
    assertEquals(100_000, PROGRESS.perSecond(-2000, -1000), 1e-9);
    assertEquals(80_000, PROGRESS.perSecond(0, 1500), 1e-9);
    assertEquals(Double.NaN, PROGRESS.perSecond(-2001, 0));
    assertEquals(Double.NaN, PROGRESS.perSecond(0, 2001));
  }

  @Test
  void workNeverDecreases() {
    assertEquals(160, PROGRESS.samples().get(3).work());
  }

  @Test
  void pointsAreRelativeToTheResumption() {
    final List<Progress.Point> points = PROGRESS.rates(1000);
    assertEquals(
        List.of(
            new Progress.Point(-1, 100_000),
            new Progress.Point(0.5, 40_000),
            new Progress.Point(2, 200e6 / 1500)),
        points);
  }
}
