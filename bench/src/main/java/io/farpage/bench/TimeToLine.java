package io.farpage.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.Predicate;

/** How long a program takes from its start until it prints a line; it is killed then. */
final class TimeToLine {
  private static final long TIMEOUT_MS = 60_000;

  private TimeToLine() {}

  /** Returns milliseconds. */
  static double measure(final List<String> command, final Predicate<String> wanted)
      throws IOException {
    final ProcessBuilder builder = new ProcessBuilder(command).redirectError(Redirect.INHERIT);
    final List<String> printed = new ArrayList<>();
    final Timer timer = new Timer("timeout", true);
    final long begin = System.nanoTime();
    final Process process = builder.start();
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            process.destroyForcibly();
          }
        },
        TIMEOUT_MS);
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        printed.add(line);
        if (wanted.test(line)) {
          return (System.nanoTime() - begin) / 1e6;
        }
      }
      throw new IOException(
          "`"
              + String.join(" ", command)
              + "` did not print what was waited for; it printed: "
              + printed);
    } finally {
      timer.cancel();
      process.destroyForcibly();
      process.onExit().join();
    }
  }
}
