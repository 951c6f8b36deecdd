package io.farpage.bench;

import io.farpage.guest.TouchHistogram;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a guest waited for pages: its slow touches.
 *
 * @param touches all of its touches
 * @param clock the guest's
 * @param thresholdMicros faster ones did not wait
 */
record Waits(TouchHistogram touches, TouchClock clock, double thresholdMicros) {
  /**
   * Some touches that took about as long.
   *
   * @param micros how long
   * @param count how many
   */
  record Bar(double micros, long count) {}

  /** Returns those of both, by the clock of this one. */
  Waits plus(final Waits other) {
    return new Waits(touches.plus(other.touches), clock, thresholdMicros);
  }

  long count() {
    return touches.countFrom(clock.ticks(thresholdMicros));
  }

  /**
   * Returns the time that a share of them do not exceed, in microseconds; NaN when there is none.
   */
  double micros(final double quantile) {
    return clock.micros(touches.quantileTicks(quantile, clock.ticks(thresholdMicros)));
  }

  /** Returns the time lost in all of them, in milliseconds. */
  double sumMs() {
    return bars().stream()
        .filter(bar -> bar.micros() >= thresholdMicros)
        .mapToDouble(bar -> bar.micros() * bar.count() / 1e3)
        .sum();
  }

  /** Returns all touches, the fastest first. */
  List<Bar> bars() {
    final List<Bar> bars = new ArrayList<>();
    for (int i = 0; i < touches.buckets(); i++) {
      if (touches.count(i) > 0) {
        bars.add(new Bar(clock.micros(touches.middleTicks(i)), touches.count(i)));
      }
    }
    return bars;
  }

  void addTo(final Rounds rounds) {
    rounds.add(Figure.FAULTS.label(), count());
    if (count() > 0) {
      rounds.add(Figure.FAULT_P50.label(), micros(0.5));
      rounds.add(Figure.FAULT_P90.label(), micros(0.9));
      rounds.add(Figure.FAULT_P99.label(), micros(0.99));
      rounds.add(Figure.FAULT_MAX.label(), micros(1));
    }
    rounds.add(Figure.FAULT_SUM.label(), sumMs());
  }
}
