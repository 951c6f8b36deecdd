package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Pointer;
import io.farpage.linux.RamFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;

/**
 * Memory that the guest never touches and that must arrive all the same: put into the RAM file of a
 * guest that is stopped, and looked for at the other end.
 */
final class Ballast {
  private static final int SEED = 42;

  private final long offset;
  private final int length;
  private final int seed;

  Ballast(final long offsetBytes, final int lengthBytes) {
    this(offsetBytes, lengthBytes, SEED);
  }

  /** Ballast of another content. */
  Ballast(final long offsetBytes, final int lengthBytes, final int seed) {
    offset = offsetBytes;
    length = lengthBytes;
    this.seed = seed;
  }

  /** Through a mapping: hugetlbfs has no write(2). */
  void writeTo(final Path ramFile) throws IOException {
    try (RamFile file = RamFile.open(ramFile, true)) {
      new Pointer(file.map()).write(offset, content(), 0, length);
    }
  }

  void requireIn(final Path ramFile) throws IOException {
    try (FileChannel file = FileChannel.open(ramFile, StandardOpenOption.READ)) {
      final ByteBuffer found = ByteBuffer.allocate(length);
      while (found.hasRemaining() && file.read(found, offset + found.position()) > 0) {
        // until all is read
      }
      assertEquals(
          -1, Arrays.mismatch(content(), found.array()), "first wrong byte of the ballast");
    }
  }

  private byte[] content() {
    final byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
