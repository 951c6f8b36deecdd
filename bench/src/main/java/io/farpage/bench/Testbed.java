package io.farpage.bench;

import io.farpage.migration.StateDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A directory on tmpfs for RAM files, sockets and images, and the processes that use it; both are
 * gone when it closes, also when the program is interrupted.
 */
final class Testbed implements AutoCloseable {
  private final Path directory;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final Thread hook = new Thread(this::clear);
  private int numbers;

  private Testbed(final Path directory) {
    this.directory = directory;
  }

  static Testbed open() throws IOException {
    final Testbed testbed =
        new Testbed(Files.createTempDirectory(Path.of("/dev/shm"), "farpage-bench-"));
    Runtime.getRuntime().addShutdownHook(testbed.hook);
    return testbed;
  }

  Path directory() {
    return directory;
  }

  /** Makes a directory for one process. */
  Path newDirectory(final String name) throws IOException {
    return Files.createDirectory(directory.resolve(name + numbers++));
  }

  synchronized <T extends AutoCloseable> T add(final T process) {
    started.push(process);
    return process;
  }

  /** Ends one process now. */
  synchronized void end(final AutoCloseable process) throws IOException {
    started.remove(process);
    try {
      process.close();
    } catch (final IOException e) {
      throw e;
    } catch (final Exception e) {
      throw new IOException(e);
    }
  }

  private synchronized void clear() {
    while (!started.isEmpty()) {
      try {
        started.pop().close();
      } catch (final Exception e) {
        System.err.println("farpage bench: " + e);
      }
    }
    try {
      StateDirectory.remove(directory);
    } catch (final IOException e) {
      System.err.println("farpage bench: " + directory + " is left: " + e);
    }
  }

  @Override
  public void close() {
    clear();
    Runtime.getRuntime().removeShutdownHook(hook);
  }
}
