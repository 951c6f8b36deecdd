package io.farpage.migration;

import java.util.function.BooleanSupplier;

/** Waits for what a test knows no better way to hear of. */
final class Await {
  private static final long TIMEOUT_NS = 60_000_000_000L;
  private static final long INTERVAL_MS = 5;

  private Await() {}

  static void until(final String what, final BooleanSupplier condition) {
    final long deadline = System.nanoTime() + TIMEOUT_NS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("in vain: " + what);
      }
      try {
        Thread.sleep(INTERVAL_MS);
      } catch (final InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted: " + what, e);
      }
    }
  }
}
