package io.farpage.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A running program that speaks in lines; its errors go where this process's go. Closing ends it.
 */
final class NativeProcess implements AutoCloseable {
  private static final long TIMEOUT_S = 120;
  private static final String END_OF_OUTPUT = "";

  private final String name;
  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  NativeProcess(final String name, final List<String> command) throws IOException {
    this.name = name;
    process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
    final Thread reader = new Thread(this::read, "output-of-" + name);
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
      }
    } catch (final IOException e) {
      System.err.println("farpage bench: output of " + name + ": " + e);
    } finally {
      lines.add(END_OF_OUTPUT);
    }
  }

  long pid() {
    return process.pid();
  }

  /** Waits for its next line, which must begin with a word; returns the words behind that. */
  String[] await(final String word) throws IOException {
    final String line = line();
    final String[] words = line.split(" ");
    if (!words[0].equals(word)) {
      throw new IOException(name + " said '" + line + "' and not " + word);
    }
    return List.of(words).subList(1, words.length).toArray(String[]::new);
  }

  /** Waits for numbers, one a line, until the line {@code end}. */
  long[] awaitNumbers() throws IOException {
    final List<Long> numbers = new ArrayList<>();
    for (String line = line(); !line.equals("end"); line = line()) {
      numbers.add(Long.valueOf(line));
    }
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  private String line() throws IOException {
    try {
      final String line = lines.poll(TIMEOUT_S, TimeUnit.SECONDS);
      if (line == null) {
        throw new IOException(name + " says nothing any more");
      }
      if (line.equals(END_OF_OUTPUT)) {
        throw new IOException(name + " ended too early");
      }
      return line;
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Gives it a line to read. */
  void say(final String line) throws IOException {
    final OutputStream input = process.getOutputStream();
    input.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
    input.flush();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
