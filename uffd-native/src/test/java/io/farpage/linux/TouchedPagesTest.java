package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What this process has touched of a file, and nothing else. */
class TouchedPagesTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;

  private Path path;
  private RamFile file;

  @BeforeEach
  void makeAFileOfData() throws IOException {
    path = Files.createTempFile(Path.of("/dev/shm"), "farpage-test", ".ram");
    try (FileChannel ram = FileChannel.open(path, StandardOpenOption.WRITE)) {
      ram.write(ByteBuffer.wrap(new byte[PAGES * PAGE]));
    }
    file = RamFile.open(path, true);
  }

  @AfterEach
  void removeIt() throws IOException {
    file.close();
    Files.delete(path);
  }

  private static BitSet touched(TouchedPages pages, int first, int count) throws IOException {
    BitSet touched = new BitSet();
    touched.set(first, first + count);
    pages.absent(
        (long) first * PAGE,
        (long) count * PAGE,
        (start, end) -> touched.clear((int) (start / PAGE), (int) (end / PAGE)));
    return touched;
  }

  private static BitSet touched(TouchedPages pages) throws IOException {
    return touched(pages, 0, PAGES);
  }

  private static BitSet of(int... pages) {
    BitSet set = new BitSet();
    for (int page : pages) {
      set.set(page);
    }
    return set;
  }

  @Test
  void withoutItAReadMapsTheNeighboursToo() throws Exception {
    try (ProcessPagemap pagemap = ProcessPagemap.open((int) ProcessHandle.current().pid())) {
      long address = file.mapReadOnly();
      new Pointer(address).getByte(100L * PAGE);
      assertTrue(
          pagemap.populated(address, file.sizeBytes(), PAGE).cardinality() > 1,
          "this kernel has no fault-around: the other tests prove nothing");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReadTouchesOnePage(boolean byScan) throws Exception {
    Assumptions.assumeTrue(!byScan || PagemapScan.isSupported(), "no PAGEMAP_SCAN here");
    try (TouchedPages pages = TouchedPages.of(file, byScan)) {
      assertEquals(of(), touched(pages));
      Pointer ram = new Pointer(file.mapReadOnly());
      ram.getByte(100L * PAGE + 5);
      assertEquals(of(100), touched(pages));
      ram.getByte(0);
      ram.getByte((long) (PAGES - 1) * PAGE);
      assertEquals(of(0, 100, PAGES - 1), touched(pages));
      assertEquals(of(100), touched(pages, 90, 20));
      assertEquals(of(), touched(pages, 101, 5));
    }
  }

  @Test
  void sendingTouchesWhatIsSent() throws Exception {
    int[] sockets = new int[2];
    assertEquals(0, Libc.socketpair(Abi.AF_UNIX, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0, sockets));
    try (TouchedPages pages = TouchedPages.of(file);
        NativeBuffer sink = NativeBuffer.allocate(3 * PAGE)) {
      long address = file.mapReadOnly();
      assertEquals(
          3 * PAGE, Libc.send(sockets[0], address + 40L * PAGE, 3 * PAGE, SocketIo.MSG_NOSIGNAL));
      assertEquals(3 * PAGE, Libc.recv(sockets[1], sink.address(), 3 * PAGE, SocketIo.MSG_WAITALL));
      assertEquals(of(40, 41, 42), touched(pages));
    } finally {
      Libc.close(sockets[0]);
      Libc.close(sockets[1]);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsPunchedIsAbsentUntilThisMappingTouchesItAgain(boolean byScan) throws Exception {
    Assumptions.assumeTrue(!byScan || PagemapScan.isSupported(), "no PAGEMAP_SCAN here");
    try (TouchedPages pages = TouchedPages.of(file, byScan);
        RamFile other = RamFile.open(path, true)) {
      Pointer ram = new Pointer(file.mapReadOnly());
      for (int page = 10; page < 20; page++) {
        ram.getByte((long) page * PAGE);
      }
      file.punchHole(13L * PAGE, 2 * PAGE);
      assertEquals(of(10, 11, 12, 15, 16, 17, 18, 19), touched(pages));
      // the guest takes the page again, and writes to one that we have
      Pointer guest = new Pointer(other.map());
      guest.setByte(13L * PAGE, (byte) 1);
      guest.setByte(16L * PAGE, (byte) 1);
      ram.getByte(12L * PAGE);
      assertEquals(of(10, 11, 12, 15, 16, 17, 18, 19), touched(pages));
      assertEquals(1, ram.getByte(13L * PAGE));
      assertEquals(of(10, 11, 12, 13, 15, 16, 17, 18, 19), touched(pages));
    }
  }

  @Test
  void aMappingForWritingWillDo() throws Exception {
    Pointer ram = new Pointer(file.map());
    try (TouchedPages pages = TouchedPages.of(file)) {
      ram.setByte(7L * PAGE, (byte) 1);
      ram.getByte(9L * PAGE);
      assertEquals(of(7, 9), touched(pages));
    }
    assertThrows(IllegalStateException.class, file::mapReadOnly);
  }

  @Test
  void itGivesTheMappingBack() throws Exception {
    TouchedPages.of(file).close();
    try (TouchedPages pages = TouchedPages.of(file)) {
      assertEquals(Errno.EBUSY, assertThrows(LinuxException.class, this::once).errno());
      assertEquals(of(), touched(pages));
    }
  }

  private void once() throws LinuxException {
    TouchedPages.of(file).close();
  }

  @Test
  void aFileThatIsOpenForReadingOnlyIsRefused() throws Exception {
    try (RamFile readOnly = RamFile.open(path, false)) {
      assertEquals(
          Errno.EPERM, assertThrows(LinuxException.class, () -> TouchedPages.of(readOnly)).errno());
    }
  }

  @Test
  void rangesOutsideTheFileAreRefused() throws Exception {
    try (TouchedPages pages = TouchedPages.of(file)) {
      assertThrows(
          IllegalArgumentException.class, () -> pages.absent(0, file.sizeBytes() + PAGE, null));
    }
  }
}
