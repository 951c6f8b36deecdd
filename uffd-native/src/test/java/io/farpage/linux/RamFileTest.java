package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RamFileTest {
  private static final int PAGE = 4096;
  private static final long THREE_GIB = 3L << 30;

  private Path path;

  @BeforeEach
  void makeASparseFileLargerThanAnIntCanCount() throws IOException {
    path = Files.createTempFile(Path.of("/dev/shm"), "farpage-test", ".ram");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(THREE_GIB);
    }
  }

  @AfterEach
  void removeIt() throws IOException {
    Files.delete(path);
  }

  private long diskUsageBytes() throws IOException {
    Process du = new ProcessBuilder("du", "-B1", path.toString()).start();
    return Long.parseLong(du.inputReader().readLine().split("\\s")[0]);
  }

  @Test
  void itIsMappedWhole() throws Exception {
    try (RamFile file = RamFile.open(path, true)) {
      assertEquals(THREE_GIB, file.sizeBytes());
      assertTrue(file.isTmpfs());
      assertFalse(file.isHugetlbfs());
      assertEquals(PAGE, file.pageSizeBytes());
      long address = file.map();
      assertEquals(address, file.map());
      new Pointer(address).setByte(THREE_GIB - 1, (byte) 9);
      assertEquals(THREE_GIB - PAGE, file.nextData(0));

      assertTrue(
          ProcessMaps.read((int) ProcessHandle.current().pid()).stream()
              .anyMatch(
                  m ->
                      m.start() == address
                          && m.lengthBytes() == THREE_GIB
                          && m.isShared()
                          && m.path().equals(path.toString())
                          && m.maps(file.devMajor(), file.devMinor(), file.inode())));
    }
    assertTrue(
        ProcessMaps.read((int) ProcessHandle.current().pid()).stream()
            .noneMatch(m -> m.path().equals(path.toString())),
        "still mapped after close");
  }

  @Test
  void holesAreFoundAndMade() throws Exception {
    try (RamFile file = RamFile.open(path, true)) {
      assertEquals(THREE_GIB, file.nextData(0));
      assertEquals(0, file.nextHole(0));
      long far = (2L << 30) + 8 * PAGE;
      Pointer ram = new Pointer(file.map());
      for (int page = 0; page < 4; page++) {
        ram.setByte(far + page * PAGE, (byte) 1);
      }
      ram.setByte(0, (byte) 1);
      assertEquals(0, file.nextData(0));
      assertEquals(PAGE, file.nextHole(0));
      assertEquals(far, file.nextData(PAGE));
      assertEquals(far + 4 * PAGE, file.nextHole(far));
      file.punchHole(far + PAGE, PAGE);
      assertEquals(far + PAGE, file.nextHole(far));
      assertEquals(far + 2 * PAGE, file.nextData(far + PAGE));
      file.punchHole(0, THREE_GIB);
      assertEquals(THREE_GIB, file.nextData(0));
      assertEquals(THREE_GIB, file.nextHole(THREE_GIB));
      assertEquals(THREE_GIB, file.sizeBytes());
      assertTrue(file.freeBytes() > 0);
    }
  }

  @Test
  void allocatedPagesTakeSpaceButCountAsHolesUntilTheyAreTouched() throws Exception {
    try (RamFile file = RamFile.open(path, true)) {
      file.allocate(0, 4 * PAGE);
      assertEquals(0, file.tryAllocate(4 * PAGE, 4 * PAGE));
      assertEquals(8 * PAGE, diskUsageBytes());
      assertEquals(THREE_GIB, file.nextData(0));
      new Pointer(file.map()).setByte(PAGE, (byte) 1);
      assertEquals(PAGE, file.nextData(0));
    }
  }

  @Test
  void aTouchedPageAllocatesOnePageOnly() throws Exception {
    try (RamFile file = RamFile.open(path, true);
        ProcessPagemap pagemap = ProcessPagemap.open((int) ProcessHandle.current().pid())) {
      long address = file.map();
      new Pointer(address).setByte(5 * PAGE, (byte) 1);
      assertEquals(6 * PAGE, file.nextHole(5 * PAGE));
      assertEquals(THREE_GIB, file.nextData(6 * PAGE));
      assertTrue(pagemap.isPopulated(address + 5 * PAGE));
      assertFalse(pagemap.isPopulated(address + 4 * PAGE));
      BitSet populated = pagemap.populated(address, 100_000L * PAGE, PAGE);
      assertEquals(BitSet.valueOf(new long[] {1 << 5}), populated);
    }
  }

  @Test
  void readOnlyItCanBeMappedButNotChanged() throws Exception {
    try (RamFile file = RamFile.open(path, false)) {
      assertTrue(file.map() != 0);
      assertEquals(
          Errno.EBADF, assertThrows(LinuxException.class, () -> file.punchHole(0, PAGE)).errno());
      assertEquals(-Errno.EBADF, file.tryAllocate(0, PAGE));
    }
  }

  @Test
  void aMissingFileIsNamed() {
    LinuxException failure =
        assertThrows(
            LinuxException.class, () -> RamFile.open(Path.of("/dev/shm/farpage-not-there"), true));
    assertEquals(Errno.ENOENT, failure.errno());
    assertTrue(failure.getMessage().contains("farpage-not-there"));
  }
}
