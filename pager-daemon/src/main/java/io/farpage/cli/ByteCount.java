package io.farpage.cli;

import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import java.util.Locale;

/** Reads a number of bytes with an optional suffix, as QEMU does: K, M, G, T are powers of 1024. */
public final class ByteCount {
  private static final String SUFFIXES = "KMGT";

  private ByteCount() {}

  /**
   * Reads a number of bytes.
   *
   * @param option the option that it was given to, for the message
   * @throws MigrationException when the text is no number of bytes
   */
  public static long parse(final String option, final String text) throws MigrationException {
    final String upper = text.trim().toUpperCase(Locale.ROOT);
    final int suffix = upper.isEmpty() ? -1 : SUFFIXES.indexOf(upper.charAt(upper.length() - 1));
    final String digits = suffix < 0 ? upper : upper.substring(0, upper.length() - 1);
    try {
      final long number = Long.parseLong(digits);
      if (number < 0) {
        throw new NumberFormatException("negative");
      }
      return Math.multiplyExact(number, 1L << (10 * (suffix + 1)));
    } catch (final ArithmeticException | NumberFormatException e) {
      throw new MigrationException(
          Outcome.REFUSED,
          option + ": '" + text + "' is no number of bytes; examples: 1000000, 512M, 2G",
          e);
    }
  }
}
