package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.cli.DaemonProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * A run of {@code farpage} that came to nothing, as the operator saw it.
 *
 * @param exit the exit code
 * @param output what it printed
 */
record Attempt(int exit, List<String> output) {
  private static final Duration TIMEOUT = Duration.ofSeconds(90);

  /** Runs a command to its end. */
  static Attempt of(final String... arguments) throws IOException {
    return under(List.of(), arguments);
  }

  /** Runs a command to its end, started by another program such as {@code setpriv}. */
  static Attempt under(final List<String> wrapper, final String... arguments) throws IOException {
    try (DaemonProcess process =
        DaemonProcess.startUnder(wrapper, List.of(arguments), line -> {})) {
      return endOf(process);
    }
  }

  /** Waits for the end of a daemon. */
  static Attempt endOf(final DaemonProcess process) {
    return new Attempt(process.awaitExit(TIMEOUT), process.output());
  }

  /** Requires an exit code, and one line for the operator with these words. */
  Attempt saying(final int expectedExit, final String... words) {
    final List<String> lines =
        output.stream().filter(line -> line.startsWith("farpage: ")).toList();
    assertEquals(1, lines.size(), () -> "lines for the operator in " + this);
    assertEquals(expectedExit, exit, this::toString);
    for (final String word : words) {
      assertTrue(lines.get(0).contains(word), () -> "'" + word + "' in " + lines.get(0));
    }
    assertTrue(
        output.stream().noneMatch(line -> line.startsWith("\tat ") || line.contains("Exception")),
        () -> "no stack trace in " + this);
    return this;
  }
}
