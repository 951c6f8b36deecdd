package io.farpage.dirty;

import io.farpage.linux.Errno;
import io.farpage.linux.LinuxException;
import io.farpage.linux.PidFd;
import io.farpage.prefetch.PageSpace;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process that writes to its RAM file as a guest would: {@code writer.c}. A shell stands between
 * it and the JVM, as the JVM waits for its own children and would take a traced stop for an exit.
 */
final class WriterProcess implements Vmm {
  private static final int SIGKILL = 9;

  private final Path ramFile;
  private final Process shell;
  private final BufferedReader output;
  private final BufferedWriter input;
  private final int pid;
  private final List<RamRegion> ram;

  private WriterProcess(
      final Path ramFile, final long sizeBytes, final long pageBytes, final Process shell)
      throws IOException {
    this.ramFile = ramFile;
    this.shell = shell;
    output = shell.inputReader(StandardCharsets.UTF_8);
    input = shell.outputWriter(StandardCharsets.UTF_8);
    pid = Integer.parseInt(readLine());
    ram =
        List.of(
            new RamRegion(
                "mem", ramFile, sizeBytes, pageBytes, Long.parseUnsignedLong(readLine())));
  }

  /** Compiles the program. */
  static Path compile(final Path directory) throws IOException, InterruptedException {
    final Path source = directory.resolve("writer.c");
    final Path program = directory.resolve("writer");
    try (InputStream text = WriterProcess.class.getResourceAsStream("writer.c")) {
      Files.copy(text, source);
    }
    final Process compiler =
        new ProcessBuilder(
                "cc",
                "-O1",
                "-Wall",
                "-Werror",
                "-pthread",
                "-o",
                program.toString(),
                source.toString())
            .inheritIO()
            .start();
    if (!compiler.waitFor(60, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
      throw new IOException("cc " + source);
    }
    return program;
  }

  /** Makes the RAM file and starts the program on it. */
  static WriterProcess start(
      final Path program, final Path ramFile, final long sizeBytes, final long pageBytes)
      throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(ramFile.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    final Process shell =
        new ProcessBuilder(
                "sh",
                "-c",
                "exec 3<&0; \"$@\" <&3 & wait $!",
                "sh",
                program.toString(),
                ramFile.toString(),
                Long.toString(pageBytes))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new WriterProcess(ramFile, sizeBytes, pageBytes, shell);
  }

  private String readLine() throws IOException {
    final String line = output.readLine();
    if (line == null) {
      throw new IOException("the writer has ended");
    }
    return line;
  }

  String ask(final String command) throws IOException {
    input.write(command + "\n");
    input.flush();
    return readLine();
  }

  /** Has the threads write to these pages. */
  void go(final long first, final long count) throws IOException {
    ask("go " + first + " " + count);
  }

  /** Returns, when nobody writes any more, how many writes there were. */
  long stop() throws IOException {
    return Long.parseLong(ask("stop"));
  }

  void write(final long page) throws IOException {
    ask("w " + page + " 7");
  }

  int read(final long page) throws IOException {
    return Integer.parseInt(ask("r " + page));
  }

  PageSpace space() {
    return new PageSpace(
        new long[] {ram.get(0).sizeBytes()}, new long[] {ram.get(0).pageSizeBytes()});
  }

  Path ramFile() {
    return ramFile;
  }

  @Override
  public int pid() {
    return pid;
  }

  @Override
  public String name() {
    return "writer";
  }

  @Override
  public List<RamRegion> ram() {
    return ram;
  }

  /** Kills it. */
  void kill() throws IOException {
    try (PidFd process = PidFd.open(pid)) {
      process.sendSignal(SIGKILL);
      process.awaitExit(10_000);
    } catch (final LinuxException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    try {
      kill();
      shell.destroyForcibly();
      Files.deleteIfExists(ramFile);
    } catch (final IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
