package io.farpage.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * The most resident memory that the two daemons of a migration have, without the guest's RAM, which
 * they map.
 */
final class DaemonMemory implements MoveObserver {
  private static final long INTERVAL_NS = 20_000_000;

  private CompletableFuture<Long> source;
  private CompletableFuture<Long> destination;

  /** The source's comes first. */
  @Override
  public void onDaemon(final ProcessHandle daemon) {
    if (source == null) {
      source = watch(daemon);
    } else {
      destination = watch(daemon);
    }
  }

  /** Returns bytes, once the migration is complete. */
  long sourceBytes() throws IOException {
    return most(source);
  }

  /** Returns bytes, once the migration is complete. */
  long destinationBytes() throws IOException {
    return most(destination);
  }

  private static long most(final CompletableFuture<Long> watched) throws IOException {
    try {
      return watched.join();
    } catch (final CompletionException e) {
      throw new IOException(e.getCause());
    }
  }

  private static CompletableFuture<Long> watch(final ProcessHandle process) {
    final CompletableFuture<Long> watched = new CompletableFuture<>();
    final Thread thread =
        new Thread(
            () -> {
              long most = 0;
              while (process.isAlive()) {
                most = Math.max(most, residentBytes(process.pid()));
                LockSupport.parkNanos(INTERVAL_NS);
              }
              watched.complete(most);
            },
            "memory-of-" + process.pid());
    thread.setDaemon(true);
    thread.start();
    return watched;
  }

  private static long residentBytes(final long pid) {
    try (Stream<String> lines =
        Files.lines(Path.of("/proc/" + pid + "/smaps"), StandardCharsets.ISO_8859_1)) {
      return residentBytes(lines);
    } catch (final IOException | java.io.UncheckedIOException e) {
      return 0; // it has ended meanwhile
    }
  }

  /** Adds up the lines {@code Rss} of all mappings but those of files of a guest's RAM. */
  static long residentBytes(final Stream<String> smaps) {
    final long[] bytes = new long[1];
    final boolean[] ram = new boolean[1];
    smaps.forEach(
        line -> {
          if (Character.isDigit(line.charAt(0)) || Character.isLowerCase(line.charAt(0))) {
            ram[0] = line.endsWith("/ram");
          } else if (line.startsWith("Rss:") && !ram[0]) {
            bytes[0] += Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
          }
        });
    return bytes[0];
  }
}
