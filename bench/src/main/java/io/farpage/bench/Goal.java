package io.farpage.bench;

import java.util.Locale;

/**
 * What a measurement should show, and what it has shown.
 *
 * @param text what was measured
 * @param figure the outcome
 * @param bound what it should be, in words
 * @param met whether it is
 */
record Goal(String text, double figure, String bound, boolean met) {
  /** A figure that should not be larger. */
  static Goal atMost(final String text, final double figure, final double bound) {
    return new Goal(text, figure, "at most " + number(bound), figure <= bound);
  }

  /** A figure that should not be smaller. */
  static Goal atLeast(final String text, final double figure, final double bound) {
    return new Goal(text, figure, "at least " + number(bound), figure >= bound);
  }

  /** Returns the figure with as many digits as people can use. */
  String shown() {
    return Double.isFinite(figure) ? String.format(Locale.ROOT, "%.2f", figure) : "-";
  }

  private static String number(final double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.valueOf(value);
  }
}
