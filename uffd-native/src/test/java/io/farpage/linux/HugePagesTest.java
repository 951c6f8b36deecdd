package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RAM in huge pages of 2 MiB, of which the test reserves four. */
class HugePagesTest {
  private static final Path RESERVED =
      Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
  private static final int MFD_HUGETLB = 4;
  private static final int HUGE = 2 << 20;
  private static final int COUNT = 4;

  private boolean raised;

  @BeforeEach
  void reserveHugePages() throws IOException {
    String problem;
    try {
      int before = reserved();
      Files.writeString(RESERVED, String.valueOf(before + COUNT));
      raised = true;
      problem = reserved() < before + COUNT ? "the kernel reserved only " + reserved() : null;
    } catch (IOException e) {
      problem = e.toString();
    }
    if (problem != null) {
      String message = "HUGE PAGES NOT TESTED: " + RESERVED + ": " + problem;
      if ("true".equals(System.getenv("CI"))) {
        fail(message);
      }
      System.err.println(message);
      Assumptions.abort(message);
    }
  }

  private static int reserved() throws IOException {
    return Integer.parseInt(Files.readString(RESERVED).trim());
  }

  @AfterEach
  void giveThemBack() throws IOException {
    if (raised) {
      // Relative, as others may have changed the number meanwhile.
      Files.writeString(RESERVED, String.valueOf(Math.max(0, reserved() - COUNT)));
    }
  }

  private static RamFile create() throws LinuxException {
    int fd = Libc.memfd_create(Libc.cString("farpage-test"), Abi.MFD_CLOEXEC | MFD_HUGETLB);
    assertTrue(fd >= 0);
    assertEquals(0, Libc.ftruncate(fd, (long) COUNT * HUGE));
    return RamFile.adopt(fd, true);
  }

  @Test
  void theirSizeAndTheFreeOnesAreKnown() throws Exception {
    try (RamFile file = create()) {
      assertTrue(file.isHugetlbfs());
      assertFalse(file.isTmpfs());
      assertEquals(HUGE, file.pageSizeBytes());
      assertTrue(file.freeBytes() >= (long) COUNT * HUGE, "free " + file.freeBytes());
    }
  }

  @Test
  void whichAreThereIsSeenInThePagemapAndNotInTheFile() throws Exception {
    try (RamFile file = create();
        ProcessPagemap pagemap = ProcessPagemap.open((int) ProcessHandle.current().pid())) {
      long address = file.map();
      new Pointer(address).setByte(2L * HUGE + 5, (byte) 1);
      assertEquals(
          BitSet.valueOf(new long[] {1 << 2}), pagemap.populated(address, file.sizeBytes(), HUGE));
      assertTrue(pagemap.isPopulated(address + 2L * HUGE + 4096));
      assertEquals(0, file.nextData(0));
      file.punchHole(2L * HUGE, HUGE);
      assertTrue(pagemap.populated(address, file.sizeBytes(), HUGE).isEmpty());
    }
  }

  @Test
  void theyArePlacedByContinueAndNotByZeroPage() throws Exception {
    try (RamFile file = create();
        Userfaultfd uffd = Userfaultfd.create(0);
        PagePlacer placer = uffd.placer()) {
      uffd.handshake(UffdFeature.mask(UffdFeature.MISSING_HUGETLBFS, UffdFeature.MINOR_HUGETLBFS));
      long address = file.map();
      long ioctls =
          uffd.register(
              address, file.sizeBytes(), UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR);
      assertEquals(0, ioctls & 1 << UffdConstants.IOCTL_ZEROPAGE);
      assertEquals(-Errno.EINVAL, placer.zeroPage(address, HUGE));
      assertEquals(-Errno.EFAULT, placer.continueRange(address, HUGE));
      file.allocate(0, 2L * HUGE);
      assertEquals(2L * HUGE, placer.continueRange(address, 3L * HUGE));
      uffd.unregister(address, file.sizeBytes());
    }
  }

  @Test
  void writesToThemAreTracked() throws Exception {
    if (!PagemapScan.isSupported() || !UffdFeature.WP_ASYNC.in(Userfaultfd.kernelFeatures())) {
      System.err.println("WRITE TRACKING OF HUGE PAGES NOT TESTED: this kernel has none");
      Assumptions.abort("no PAGEMAP_SCAN with WP_ASYNC");
    }
    try (RamFile file = create();
        Userfaultfd uffd = Userfaultfd.create(0);
        PagemapScan scan = PagemapScan.open((int) ProcessHandle.current().pid())) {
      uffd.handshake(
          UffdFeature.mask(
              UffdFeature.PAGEFAULT_FLAG_WP, UffdFeature.WP_HUGETLBFS_SHMEM, UffdFeature.WP_ASYNC));
      long address = file.map();
      Pointer ram = new Pointer(address);
      ram.setByte(0, (byte) 1);
      ram.setByte(HUGE, (byte) 1);
      uffd.register(address, file.sizeBytes(), UffdConstants.MODE_WP);
      uffd.writeProtect(address, 2L * HUGE);
      assertEquals(of(), pages(scan::takeWritten, address));
      ram.setByte(HUGE + 5000, (byte) 2);
      ram.setByte(3L * HUGE, (byte) 2);
      assertEquals(of(1, 2, 3), pages(scan::doubtful, address));
      assertEquals(of(2), pages(scan::absent, address));
      assertEquals(of(1, 3), pages(scan::takeWritten, address));
      assertEquals(of(), pages(scan::takeWritten, address));
      assertEquals(of(2), pages(scan::doubtful, address));
      file.punchHole(HUGE, HUGE);
      assertEquals(of(1, 2), pages(scan::absent, address));
      uffd.unregister(address, file.sizeBytes());
    }
  }

  @Test
  void whatThisProcessTouchesOfThemIsKnown() throws Exception {
    try (RamFile file = create();
        TouchedPages touched = TouchedPages.of(file)) {
      new Pointer(file.mapReadOnly()).getByte(HUGE);
      BitSet absent = new BitSet();
      touched.absent(
          0,
          file.sizeBytes(),
          (start, end) -> absent.set((int) (start / HUGE), (int) (end / HUGE)));
      assertEquals(of(0, 2, 3), absent);
      file.punchHole(HUGE, HUGE);
      touched.absent(HUGE, HUGE, (start, end) -> absent.set((int) (start / HUGE)));
      assertEquals(of(0, 1, 2, 3), absent);
    }
  }

  private interface Scan {
    void run(long address, long lengthBytes, RangeListener listener) throws LinuxException;
  }

  private static BitSet pages(Scan scan, long address) throws LinuxException {
    BitSet pages = new BitSet();
    scan.run(
        address,
        (long) COUNT * HUGE,
        (start, end) ->
            pages.set((int) ((start - address) / HUGE), (int) ((end - address) / HUGE)));
    return pages;
  }

  private static BitSet of(int... pages) {
    BitSet set = new BitSet();
    for (int page : pages) {
      set.set(page);
    }
    return set;
  }
}
