package io.farpage.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A process whose threads touch memory that has not arrived, as the vCPU threads of a VMM do:
 * {@code toucher.c}. No Java thread may do that, since one that waits for a page in compiled code
 * holds up every safepoint, and with it the agents.
 */
final class Toucher implements AutoCloseable {
  private static final int COMPILE_TIMEOUT_S = 60;
  private static final int LINE_BYTES = 128;

  private final Process process;
  private final DataInputStream output;
  private final int pages;
  private final long address;

  /**
   * What came of it.
   *
   * @param elapsedNs from the first touch to the last
   * @param latencyNs how long each took
   */
  record Outcome(long elapsedNs, Histogram latencyNs) {}

  /**
   * Starts the program; it maps the file and waits.
   *
   * @param program what {@link #compile} has made
   * @param threads how many touch, each its part of the pages
   */
  Toucher(final Path program, final Path file, final int pages, final int threads)
      throws IOException {
    this.pages = pages;
    process =
        new ProcessBuilder(
                program.toString(), file.toString(), String.valueOf(pages), String.valueOf(threads))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    output = new DataInputStream(process.getInputStream());
    try {
      address = Long.parseUnsignedLong(readLine());
    } catch (final IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Compiles the program with the system's compiler.
   *
   * @param directory where to
   * @throws IOException when there is no compiler
   */
  static Path compile(final Path directory) throws IOException {
    final Path source = directory.resolve("toucher.c");
    final Path program = directory.resolve("toucher");
    try (InputStream text = Toucher.class.getResourceAsStream("toucher.c")) {
      Files.copy(text, source);
    }
    final Process compiler;
    try {
      compiler =
          new ProcessBuilder(
                  "cc",
                  "-O2",
                  "-Wall",
                  "-Werror",
                  "-pthread",
                  "-o",
                  program.toString(),
                  source.toString())
              .redirectErrorStream(true)
              .start();
    } catch (final IOException e) {
      throw new IOException("no C compiler (cc); on Debian: apt-get install gcc libc6-dev", e);
    }
    final String complaints =
        new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      if (!compiler.waitFor(COMPILE_TIMEOUT_S, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
        throw new IOException("cc cannot compile toucher.c: " + complaints.replace('\n', ' '));
      }
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return program;
  }

  /** Returns the process. */
  int pid() {
    return Math.toIntExact(process.pid());
  }

  /** Returns where it has mapped the file. */
  long address() {
    return address;
  }

  /**
   * Lets the threads touch, and waits until they have touched every page.
   *
   * @throws IOException when the process ended before, or a page did not hold its number
   */
  Outcome run() throws IOException {
    final OutputStream input = process.getOutputStream();
    input.write('\n');
    input.flush();
    final String[] words = readLine().split(" ");
    if (!words[1].equals("0")) {
      throw new IOException(words[1] + " pages did not hold what the source has");
    }
    final byte[] bytes = new byte[pages * Integer.BYTES];
    output.readFully(bytes);
    final ByteBuffer taken = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    final Histogram latencyNs = new Histogram(1, 1L << Integer.SIZE, 3);
    while (taken.hasRemaining()) {
      latencyNs.recordValue(Math.max(1, Integer.toUnsignedLong(taken.getInt())));
    }
    return new Outcome(Long.parseLong(words[0]), latencyNs);
  }

  private String readLine() throws IOException {
    final StringBuilder line = new StringBuilder();
    for (int c = output.read(); c != '\n'; c = output.read()) {
      if (c < 0 || line.length() == LINE_BYTES) {
        throw new IOException("the program that touches the pages has ended early");
      }
      line.append((char) c);
    }
    return line.toString();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
