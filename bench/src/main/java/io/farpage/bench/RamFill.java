package io.farpage.bench;

import io.farpage.linux.RamFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Data in all of a guest's RAM: where the guest itself has written nothing, each page gets its
 * number.
 *
 * <p>For guests that do not touch memory which they have not touched yet.
 */
final class RamFill {
  private static final int PAGE_BYTES = MissingMemory.PAGE_BYTES;
  private static final int CHUNK_BYTES = 1 << 20;

  private final List<long[]> ranges = new ArrayList<>();

  /** Fills the holes of a RAM file. */
  static RamFill into(final Path ram) throws IOException {
    final RamFill fill = new RamFill();
    try (RamFile file = RamFile.open(ram, true)) {
      long start = file.nextHole(0);
      while (start < file.sizeBytes()) {
        final long end = file.nextData(start);
        fill.ranges.add(new long[] {start, end});
        start = file.nextHole(end);
      }
    }
    try (FileChannel channel = FileChannel.open(ram, StandardOpenOption.WRITE)) {
      for (final long[] range : fill.ranges) {
        for (long at = range[0]; at < range[1]; at += CHUNK_BYTES) {
          final ByteBuffer chunk = chunk(at, range[1]);
          for (long to = at; chunk.hasRemaining(); ) {
            to += channel.write(chunk, to);
          }
        }
      }
    }
    return fill;
  }

  private static ByteBuffer chunk(final long at, final long end) {
    final ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, end - at));
    chunk.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < chunk.capacity(); i += PAGE_BYTES) {
      chunk.putLong(i, (at + i) / PAGE_BYTES + 1);
      chunk.putLong(i + PAGE_BYTES - Long.BYTES, ~(at + i));
    }
    return chunk;
  }

  /**
   * Compares what was filled, every byte.
   *
   * @throws IOException when a RAM file has something else there
   */
  void verify(final Path ram) throws IOException {
    try (FileChannel channel = FileChannel.open(ram, StandardOpenOption.READ)) {
      for (final long[] range : ranges) {
        for (long at = range[0]; at < range[1]; at += CHUNK_BYTES) {
          final ByteBuffer wanted = chunk(at, range[1]);
          final ByteBuffer found = ByteBuffer.allocate(wanted.capacity());
          while (found.hasRemaining() && channel.read(found, at + found.position()) > 0) {
            // on
          }
          final int differs = wanted.mismatch(found.flip());
          if (differs >= 0) {
            throw new IOException(
                String.format(Locale.ROOT, "the guest's memory has changed at 0x%x", at + differs));
          }
        }
      }
    }
  }

  /**
   * Checks that there is room for so much guest RAM.
   *
   * @param what needs it, for people
   * @throws IOException when there is none; the message says what to do
   */
  static void requireRoom(final Path directory, final String what, final long bytes)
      throws IOException {
    final long room = room(directory);
    if (room < bytes) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s needs %d MiB on %s and there is room for %d: take a smaller guest",
              what,
              bytes >> 20,
              directory,
              room >> 20));
    }
  }

  /** Returns how many bytes of RAM files there is room for, on their tmpfs and in memory. */
  static long room(final Path directory) throws IOException {
    return Math.min(
        Files.getFileStore(directory).getUsableSpace(),
        availableBytes(Files.readString(Path.of("/proc/meminfo"))));
  }

  static long availableBytes(final String meminfo) {
    return meminfo
        .lines()
        .filter(line -> line.startsWith("MemAvailable:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }
}
