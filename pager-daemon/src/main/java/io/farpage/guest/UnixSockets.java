package io.farpage.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the kernel says about UNIX sockets. */
final class UnixSockets {
  private static final String ACCEPTS_CONNECTIONS = "00010000";

  private UnixSockets() {}

  /**
   * Whether somebody in the network namespace of process {@code pid} listens at {@code path},
   * without connecting: QMP has one client at a time.
   */
  static boolean isListening(long pid, Path path) {
    Path table = Path.of("/proc", Long.toString(pid), "net/unix");
    String end = " " + path;
    try (Stream<String> lines = Files.lines(table)) {
      return lines.anyMatch(
          line -> line.endsWith(end) && line.contains(" " + ACCEPTS_CONNECTIONS + " "));
    } catch (IOException | UncheckedIOException e) {
      return false; // the process has ended
    }
  }
}
