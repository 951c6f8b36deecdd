package io.farpage.bench;

import java.io.IOException;

/** Finds the delay with which a guest writes so many pages a second. */
final class Pacing {
  private static final int PROBE_ITERATIONS = 1000;
  private static final int ATTEMPTS = 8;
  private static final double TOLERANCE = 0.03;

  private Pacing() {}

  /** Measures how many pages a second the guest writes with a delay. */
  @FunctionalInterface
  interface Rate {
    double at(int delayIterations) throws IOException;
  }

  /**
   * Finds the delay by what a step takes without one, and what it takes longer with one.
   *
   * @param wanted pages a second
   * @return the delay, 0 when the guest is not faster anyhow
   */
  static int delayFor(final double wanted, final Rate rate) throws IOException {
    final double alone = 1 / rate.at(0);
    if (alone >= 1 / wanted) {
      return 0;
    }
    double iteration = (1 / rate.at(PROBE_ITERATIONS) - alone) / PROBE_ITERATIONS;
    int delay = PROBE_ITERATIONS;
    for (int i = 0; i < ATTEMPTS && iteration > 0; i++) {
      delay = (int) Math.max(1, Math.min(Integer.MAX_VALUE, (1 / wanted - alone) / iteration));
      final double now = rate.at(delay);
      if (Math.abs(now / wanted - 1) < TOLERANCE) {
        break;
      }
      iteration = (1 / now - alone) / delay;
    }
    return delay;
  }
}
