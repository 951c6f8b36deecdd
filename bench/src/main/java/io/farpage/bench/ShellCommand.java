package io.farpage.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A short command of the system, run to its end. */
final class ShellCommand {
  private ShellCommand() {}

  static String run(final String... command) throws IOException {
    return run(List.of(command));
  }

  /**
   * Runs a command.
   *
   * @param parts of its words
   * @return what it printed
   * @throws IOException with what it printed when it failed
   */
  @SafeVarargs
  static String run(final List<String>... parts) throws IOException {
    final List<String> command = new ArrayList<>();
    for (final List<String> part : parts) {
      command.addAll(part);
    }
    final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    final String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // not interruptible: the commands are short, and half a clean-up is none
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException("`" + String.join(" ", command) + "` failed: " + output.strip());
    }
    return output;
  }
}
