package io.farpage.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Another Farpage process on this machine, run by the same Java with the same class path.
 *
 * <p>Closing it ends it, by force if need be.
 */
public final class DaemonProcess implements AutoCloseable {
  /** The system property that names the file of Java options. */
  public static final String JAVA_OPTIONS_PROPERTY = "farpage.java.options";

  private static final String CLASS_ARCHIVE_PROPERTY = "farpage.class.archive";
  private static final String JNA_LIBRARY_PROPERTY = "jna.boot.library.path";

  // an archive that does not fit is passed over in silence
  private static final List<String> ARCHIVE_LOGGING =
      List.of("-Xlog:disable", "-Xlog:all=warning,cds*=off,class+path=off:stderr");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String command;
  private final Process process;
  private final List<String> lines = new ArrayList<>();
  private final Thread reader;

  private DaemonProcess(
      final String command, final Process process, final Consumer<String> onLine) {
    this.command = command;
    this.process = process;
    reader = new Thread(() -> read(onLine), "output-of-" + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts {@code farpage} with arguments; its output and errors are collected.
   *
   * @param onLine hears every line of output, on another thread
   */
  public static DaemonProcess start(final List<String> arguments, final Consumer<String> onLine)
      throws IOException {
    return startUnder(List.of(), arguments, onLine);
  }

  /**
   * The same, by another program that runs a command, such as {@code setpriv} or {@code taskset}.
   *
   * @param wrapper that program and its arguments; may be empty
   */
  public static DaemonProcess startUnder(
      final List<String> wrapper, final List<String> arguments, final Consumer<String> onLine)
      throws IOException {
    return new DaemonProcess(
        String.join(" ", arguments),
        builder(wrapper, Main.class, arguments).redirectErrorStream(true).start(),
        onLine);
  }

  /**
   * Starts another program of the same class path; its output is collected, its errors go where
   * this process's go.
   *
   * @param main the class with its main method
   * @param onLine hears every line of output, on another thread
   */
  public static DaemonProcess startProgram(
      final Class<?> main, final List<String> arguments, final Consumer<String> onLine)
      throws IOException {
    return startProgramUnder(List.of(), main, arguments, onLine);
  }

  /**
   * The same, by another program that runs a command.
   *
   * @param wrapper that program and its arguments; may be empty
   */
  public static DaemonProcess startProgramUnder(
      final List<String> wrapper,
      final Class<?> main,
      final List<String> arguments,
      final Consumer<String> onLine)
      throws IOException {
    return new DaemonProcess(
        String.join(" ", arguments),
        builder(wrapper, main, arguments).redirectError(Redirect.INHERIT).start(),
        onLine);
  }

  /** Starts {@code farpage} with arguments, its output and errors where this process's go. */
  public static Process startInherited(final List<String> arguments) throws IOException {
    return builder(List.of(), Main.class, arguments).inheritIO().start();
  }

  private static ProcessBuilder builder(
      final List<String> wrapper, final Class<?> main, final List<String> arguments) {
    final String options = System.getProperty(JAVA_OPTIONS_PROPERTY);
    if (options == null) {
      throw new IllegalStateException(
          "start with -D" + JAVA_OPTIONS_PROPERTY + "=FILE, as the launcher does");
    }
    final List<String> line = new ArrayList<>(wrapper);
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("@" + options);
    line.add("-D" + JAVA_OPTIONS_PROPERTY + "=" + options);
    line.addAll(quickStart());
    line.add("-cp");
    line.add(classPath());
    line.add(main.getName());
    line.addAll(arguments);
    return new ProcessBuilder(line);
  }

  /** What the launcher has given this process to start quickly; nothing in a test. */
  private static List<String> quickStart() {
    final List<String> options = new ArrayList<>();
    for (final String property : List.of(CLASS_ARCHIVE_PROPERTY, JNA_LIBRARY_PROPERTY)) {
      final String value = System.getProperty(property);
      if (value != null) {
        options.add("-D" + property + "=" + value);
      }
    }
    final String archive = System.getProperty(CLASS_ARCHIVE_PROPERTY);
    if (archive != null) {
      options.add("-XX:SharedArchiveFile=" + archive);
      options.addAll(ARCHIVE_LOGGING);
    }
    return options;
  }

  private static String classPath() {
    // test runners hide the real class path behind a jar that only names it
    final String real = System.getProperty("surefire.test.class.path");
    return real != null ? real : System.getProperty("java.class.path", "." + File.separator);
  }

  private void read(final Consumer<String> onLine) {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        synchronized (lines) {
          lines.add(line);
          lines.notifyAll();
        }
        onLine.accept(line);
      }
    } catch (final IOException e) {
      synchronized (lines) {
        lines.add("(output lost: " + e + ")");
      }
    }
  }

  /** Returns the process. */
  public Process process() {
    return process;
  }

  /** Returns what it has printed so far. */
  public List<String> output() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** Waits until it has printed a line, and returns that. */
  public String awaitLine(final Predicate<String> wanted, final Duration timeout) {
    final long deadline = System.nanoTime() + timeout.toNanos();
    int next = 0;
    synchronized (lines) {
      while (true) {
        for (; next < lines.size(); next++) {
          if (wanted.test(lines.get(next))) {
            return lines.get(next);
          }
        }
        final long leftMs = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMs <= 0 || (!reader.isAlive() && next == lines.size())) {
          throw new IllegalStateException(
              "`farpage " + command + "` did not print what was waited for; it printed: " + lines);
        }
        try {
          lines.wait(Math.min(leftMs, 50));
        } catch (final InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted", e);
        }
      }
    }
  }

  /** Waits for an event of a process started with {@code --json}, and returns its data. */
  public JsonNode awaitEvent(
      final String event, final Predicate<JsonNode> wanted, final Duration timeout) {
    final String line =
        awaitLine(
            text -> {
              final JsonNode parsed = parse(text);
              return parsed.path("event").asText().equals(event)
                  && wanted.test(parsed.path("data"));
            },
            timeout);
    return parse(line).path("data");
  }

  private static JsonNode parse(final String line) {
    try {
      return line.startsWith("{") ? JSON.readTree(line) : JSON.createObjectNode();
    } catch (final IOException e) {
      return JSON.createObjectNode();
    }
  }

  /** Waits for its end and returns its exit code. */
  public int awaitExit(final Duration timeout) {
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException(
            "`farpage " + command + "` still runs after " + timeout + "; it printed: " + output());
      }
      reader.join();
      return process.exitValue();
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    boolean interrupted = false;
    while (process.isAlive()) {
      try {
        process.waitFor();
      } catch (final InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
