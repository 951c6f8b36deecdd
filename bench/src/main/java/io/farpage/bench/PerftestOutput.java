package io.farpage.bench;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * The table that a program of perftest prints: a heading that begins with {@code #bytes}, and a
 * line of numbers. The columns depend on the version, so they are found by their names.
 */
final class PerftestOutput {
  private static final String FIRST_COLUMN = "#bytes";

  private PerftestOutput() {}

  /**
   * Returns the number in a column.
   *
   * @param column the beginning of its name, for example {@code t_typical}
   * @throws IOException when there is no such column, or no line of numbers; the message says what
   *     the program said instead
   */
  static double value(final List<String> output, final String column) throws IOException {
    String heading = null;
    for (final String line : output) {
      final String text = line.strip();
      if (text.startsWith(FIRST_COLUMN)) {
        heading = text;
      } else if (heading != null && !text.isEmpty() && Character.isDigit(text.charAt(0))) {
        // not always the next line: warnings of the processor's frequency may come between
        return value(heading, text, column);
      }
    }
    throw new IOException(complaint(output));
  }

  private static double value(final String heading, final String line, final String column)
      throws IOException {
    final String[] names = names(heading);
    final String[] numbers = line.split("\\s+");
    for (int i = 0; i < names.length; i++) {
      if (names[i].startsWith(column)) {
        try {
          return Double.parseDouble(numbers[i]);
        } catch (final NumberFormatException | ArrayIndexOutOfBoundsException e) {
          throw new IOException("perftest's line does not fit its heading: " + line, e);
        }
      }
    }
    throw new IOException("perftest prints no column " + column + ": " + heading);
  }

  /** Units are in brackets, and some names have a space in them. */
  private static String[] names(final String heading) {
    return Arrays.stream(heading.split("\\s*\\[[^\\]]*\\]\\s*|\\s+(?=[#t0-9]|BW|Msg)"))
        .filter(name -> !name.isBlank())
        .map(String::strip)
        .toArray(String[]::new);
  }

  /** The one line that says best what went wrong: the last that is more than a ruler. */
  private static String complaint(final List<String> output) {
    String last = "no output";
    for (final String line : output) {
      if (!line.isBlank() && !line.startsWith("---")) {
        last = line.strip();
      }
    }
    return last;
  }
}
