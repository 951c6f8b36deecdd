package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FileChangesTest {
  private static final int PAGE = 4096;
  private static final int MADV_REMOVE = 9;

  private Path path;

  @BeforeEach
  void makeAFile() throws IOException {
    path = Files.createTempFile(Path.of("/dev/shm"), "farpage-test", ".ram");
    Files.write(path, new byte[16 * PAGE]);
  }

  @AfterEach
  void removeIt() throws IOException {
    Files.deleteIfExists(path);
  }

  @Test
  void aHoleIsAChangeAndAWriteThroughAMappingIsNot() throws Exception {
    try (RamFile file = RamFile.open(path, true);
        RamFile again = RamFile.open(path, true);
        FileChanges changes = FileChanges.watch(file)) {
      Files.delete(path);
      new Pointer(again.map()).setByte(0, (byte) 1);
      new Pointer(file.map()).setByte(PAGE, (byte) 1);
      assertFalse(changes.any());
      again.punchHole(PAGE, PAGE);
      assertTrue(changes.any());
      assertTrue(changes.any(), "it is forgotten");
    }
  }

  @Test
  void soIsMemoryThatIsGivenBackThroughAMapping() throws Exception {
    try (RamFile file = RamFile.open(path, true);
        FileChanges changes = FileChanges.watch(file)) {
      new Pointer(file.map()).setByte(0, (byte) 1);
      assertFalse(changes.any());
      assertEquals(0, Libc.madvise(file.map(), PAGE, MADV_REMOVE));
      assertTrue(changes.any());
    }
  }

  @Test
  void aMemfdCannotBeWatched() throws Exception {
    try (RamFile file = RamFile.adopt(MemFd.create("changes", PAGE), true)) {
      assertEquals(
          Errno.EOPNOTSUPP,
          assertThrows(LinuxException.class, () -> FileChanges.watch(file)).errno());
    }
  }
}
