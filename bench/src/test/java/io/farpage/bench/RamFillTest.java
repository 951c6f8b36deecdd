package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.linux.RamFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On tmpfs, where guests' RAM is. */
class RamFillTest {
  private static final int LENGTH = 3 << 20;
  private static final int OWN = 0x101000;

  private Path ram;

  @BeforeEach
  void makeFile() throws IOException {
    ram = Files.createTempFile(Path.of("/dev/shm"), "farpage-test-", ".ram");
    try (RandomAccessFile file = new RandomAccessFile(ram.toFile(), "rw")) {
      file.setLength(LENGTH);
      file.seek(OWN);
      file.write(new byte[] {1, 2, 3});
    }
  }

  @AfterEach
  void removeFile() throws IOException {
    Files.delete(ram);
  }

  @Test
  void holesGetDataAndWhatTheGuestWroteStays() throws IOException {
    RamFill.into(ram).verify(ram);
    final byte[] content = Files.readAllBytes(ram);
    assertArrayEquals(new byte[] {1, 2, 3, 0}, Arrays.copyOfRange(content, OWN, OWN + 4));
    assertEquals(3, content[2 * 4096]);
    try (RamFile file = RamFile.open(ram, false)) {
      assertEquals(LENGTH, file.nextHole(0));
    }
  }

  @Test
  void aByteThatDiffersIsFound() throws IOException {
    final RamFill fill = RamFill.into(ram);
    try (RandomAccessFile file = new RandomAccessFile(ram.toFile(), "rw")) {
      file.seek(0x2ff123);
      file.write(7);
    }
    final IOException changed = assertThrows(IOException.class, () -> fill.verify(ram));
    assertTrue(changed.getMessage().endsWith("0x2ff123"), changed.getMessage());
  }

  @Test
  void aGuestThatFindsNoRoomIsRefused() throws IOException {
    RamFill.requireRoom(ram.getParent(), "little", 4096);
    final IOException refused =
        assertThrows(
            IOException.class,
            () -> RamFill.requireRoom(ram.getParent(), "the largest guest", 1L << 50));
    assertTrue(
        refused.getMessage().matches("the largest guest needs 1073741824 MiB on /dev/shm .*"),
        refused.getMessage());
    assertEquals(2048, RamFill.availableBytes("MemFree: 1 kB\nMemAvailable:    2 kB\n"));
  }
}
