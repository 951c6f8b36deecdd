package io.farpage.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process on the second of two hosts; see {@link RemoteHost#start}. */
public final class RemoteProcess {
  private static final long PAUSE_MS = 20;
  private static final Duration ANSWER = Duration.ofSeconds(30);

  private final RemoteHost host;
  private final Path slot;
  private final String name;
  private final long pid;

  private RemoteProcess(RemoteHost host, Path slot, String name, long pid) {
    this.host = host;
    this.slot = slot;
    this.name = name;
    this.pid = pid;
  }

  static RemoteProcess started(RemoteHost host, Path slot, String name) throws IOException {
    long deadline = System.nanoTime() + ANSWER.toNanos();
    while (true) {
      String pid = content(slot.resolve("pid"));
      if (!pid.isEmpty()) {
        return new RemoteProcess(host, slot, name, Long.parseLong(pid.strip()));
      }
      pauseUntil(deadline, "the other host does not start " + name);
    }
  }

  /** Its number on the other host, and that of its process group. */
  public long pid() {
    return pid;
  }

  /** What it has written so far. */
  public String stdout() throws IOException {
    return content(slot.resolve("stdout"));
  }

  /** What it has written so far to its standard error. */
  public String stderr() throws IOException {
    return content(slot.resolve("stderr"));
  }

  /**
   * Waits until it has written something, to either of its outputs.
   *
   * @param regex to be found
   * @throws IOException when it ends before, or the time is over
   */
  public MatchResult awaitOutput(String regex, Duration timeout) throws IOException {
    Pattern pattern = Pattern.compile(regex);
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      boolean ended = exitCode().isPresent(); // before the last look at what it has written
      for (String output : new String[] {stdout(), stderr()}) {
        Matcher matcher = pattern.matcher(output);
        if (matcher.find()) {
          return matcher.toMatchResult();
        }
      }
      if (ended) {
        throw new IOException(
            name + " ended with " + exitCode().getAsInt() + " without '" + regex + "'" + outputs());
      }
      pauseUntil(deadline, name + " does not say '" + regex + "'" + outputs());
    }
  }

  /** Its exit code, or 128 and the number of the signal that ended it; empty while it runs. */
  public OptionalInt exitCode() throws IOException {
    String text = content(slot.resolve("exit"));
    return text.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(text.strip()));
  }

  /**
   * Waits for its end.
   *
   * @return as {@link #exitCode}
   * @throws IOException when the time is over
   */
  public int awaitExit(Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      OptionalInt exitCode = exitCode();
      if (exitCode.isPresent()) {
        return exitCode.getAsInt();
      }
      pauseUntil(deadline, name + " does not end" + outputs());
    }
  }

  /**
   * Sends a signal to it and what it has started; nothing happens when it has ended.
   *
   * @param signal like {@code KILL} or {@code STOP}
   */
  public void kill(String signal) throws IOException {
    RemoteProcess kill = host.startScript("kill -s " + signal + " -- -" + pid + "\n");
    if (kill.awaitExit(ANSWER) != 0 && !kill.stderr().contains("No such process")) {
      throw new IOException(kill.stderr().strip());
    }
  }

  private String outputs() throws IOException {
    return "; it wrote: " + stdout().strip() + "\n" + stderr().strip();
  }

  private static String content(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private static void pauseUntil(long deadline, String otherwise) throws IOException {
    if (System.nanoTime() - deadline > 0) {
      throw new IOException(otherwise);
    }
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
