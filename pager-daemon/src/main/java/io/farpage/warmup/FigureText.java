package io.farpage.warmup;

import java.util.Locale;

/** Figures as people read them: five digits at most, and a unit. */
final class FigureText {
  private static final String[] UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB"};

  private FigureText() {}

  static String bytes(final double bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 10_240 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.0f %s", value, UNITS[unit]);
  }

  static String rate(final double bytesPerSecond) {
    return bytes(bytesPerSecond) + "/s";
  }

  static String time(final double ms) {
    if (ms < 9_995) {
      return String.format(Locale.ROOT, "%.0f ms", ms);
    }
    return String.format(Locale.ROOT, ms % 1000 == 0 ? "%.0f s" : "%.1f s", ms / 1000);
  }
}
