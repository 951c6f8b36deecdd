package io.farpage.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the kernel says about UNIX sockets. */
final class UnixSockets {
  private static final Path TABLE = Path.of("/proc/net/unix");
  private static final String ACCEPTS_CONNECTIONS = "00010000";

  private UnixSockets() {}

  /** Whether somebody listens at {@code path}, without connecting: QMP has one client at a time. */
  static boolean isListening(Path path) {
    String end = " " + path;
    try (Stream<String> lines = Files.lines(TABLE)) {
      return lines.anyMatch(
          line -> line.endsWith(end) && line.contains(" " + ACCEPTS_CONNECTIONS + " "));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
