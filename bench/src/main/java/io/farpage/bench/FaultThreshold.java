package io.farpage.bench;

import io.farpage.guest.TouchHistogram;

/**
 * Which touches have waited for a page: those that took longer than so much, the same in all of a
 * comparison.
 *
 * <p>A touch of a page that is there takes less than 1 µs under TCG, and about as long under a KVM
 * that runs on the hardware; a page that has to be fetched takes 15 µs at least, and between 5 and
 * 15 µs there is next to nothing. Where the guest itself is slower, as in a KVM that is emulated,
 * the limit is twice what nine of ten of its touches take without a migration.
 */
final class FaultThreshold {
  private static final double LEAST_MICROS = 5;

  /** A larger part would let the threshold depend on how busy the machine is. */
  private static final double MOSTLY = 0.9;

  private static final double FACTOR = 2;

  private double micros;

  private FaultThreshold(final double micros) {
    this.micros = micros;
  }

  /** One that is given. */
  static FaultThreshold of(final double micros) {
    return new FaultThreshold(micros);
  }

  /** One that is found when a guest is seen undisturbed for the first time. */
  static FaultThreshold automatic() {
    return new FaultThreshold(Double.NaN);
  }

  /** Shows it touches of a guest that is not being moved. */
  void see(final TouchHistogram undisturbed, final TouchClock clock) {
    if (Double.isNaN(micros) && undisturbed.count() > 0) {
      final double usual = clock.micros(undisturbed.quantileTicks(MOSTLY, 0));
      micros = Math.max(LEAST_MICROS, FACTOR * usual);
    }
  }

  /** Returns it in microseconds; what is usual when no guest was seen. */
  double micros() {
    return Double.isNaN(micros) ? LEAST_MICROS : micros;
  }
}
