package io.farpage.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What a guest has done over time, around the instant at which it resumed.
 *
 * @param resumeMicros that instant
 * @param samples in the order of time; the work never decreases
 */
record Progress(long resumeMicros, List<Sample> samples) {
  /**
   * One look.
   *
   * @param micros when, since the epoch
   * @param work pages written, or requests answered, since some beginning
   */
  record Sample(long micros, long work) {}

  /**
   * A point of a plot.
   *
   * @param ms since the guest resumed; negative before
   * @param perSecond work a second since the point before
   */
  record Point(double ms, double perSecond) {}

  Progress {
    samples = List.copyOf(samples);
  }

  static Progress of(final long resumeMicros, final List<Sample> samples) {
    final List<Sample> rising = new ArrayList<>();
    long most = 0;
    for (final Sample sample : samples) {
      most = Math.max(most, sample.work());
      rising.add(new Sample(sample.micros(), most));
    }
    return new Progress(resumeMicros, rising);
  }

  /** Returns what was done in so many microseconds from the resumption on. */
  double workAfterResume(final long micros) {
    return workAt(resumeMicros + micros) - workAt(resumeMicros);
  }

  /**
   * Returns what was done a second in a span of time, in microseconds since the resumption; not a
   * number where nobody looked.
   */
  double perSecond(final long fromMicros, final long toMicros) {
    final long first = samples.get(0).micros() - resumeMicros;
    final long last = samples.get(samples.size() - 1).micros() - resumeMicros;
    return fromMicros < first || toMicros > last
        ? Double.NaN
        : (workAt(resumeMicros + toMicros) - workAt(resumeMicros + fromMicros))
            * 1e6
            / (toMicros - fromMicros);
  }

  /** By the two samples around that instant. */
  private double workAt(final long micros) {
    Sample before = samples.get(0);
    for (final Sample sample : samples) {
      if (sample.micros() >= micros) {
        final long span = sample.micros() - before.micros();
        return span <= 0
            ? sample.work()
            : before.work()
                + (double) (sample.work() - before.work()) * (micros - before.micros()) / span;
      }
      before = sample;
    }
    return before.work();
  }

  /** Returns the points of a plot, of intervals that are not shorter. */
  List<Point> rates(final long intervalMicros) {
    final List<Point> points = new ArrayList<>();
    Sample begin = samples.get(0);
    for (final Sample sample : samples) {
      final long span = sample.micros() - begin.micros();
      if (span >= intervalMicros) {
        points.add(
            new Point(
                (sample.micros() - resumeMicros) / 1e3,
                (sample.work() - begin.work()) * 1e6 / span));
        begin = sample;
      }
    }
    return points;
  }
}
