package io.farpage.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Free memory that is really there.
 *
 * <p>The host of a virtual machine provides memory when it is first used, and may take it back some
 * seconds after it was freed. That takes several times as long as to move a page, and would be
 * counted as the cost of larger guests.
 */
final class HostMemory {
  private static final int CHUNK_BYTES = 1 << 20;

  private HostMemory() {}

  /** Uses so much memory of a tmpfs once and frees it, just before a measurement needs it. */
  static void touch(final Path directory, final long bytes) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("touched"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      fill(file, bytes);
    }
  }

  /** Writes so much to a file. */
  static void fill(final FileChannel file, final long bytes) throws IOException {
    final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    for (long left = bytes; left > 0; left -= chunk.limit()) {
      chunk.clear().limit((int) Math.min(left, CHUNK_BYTES));
      while (chunk.hasRemaining()) {
        file.write(chunk);
      }
    }
  }
}
