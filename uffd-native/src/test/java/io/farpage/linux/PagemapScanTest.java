package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which pages another process has written, by the kernel's own account. */
class PagemapScanTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 16384;

  @TempDir static Path directory;
  private static Path tracee;

  private Path path;
  private RamFile file;
  private ChildProcess child;
  private long remote;
  private RemoteUserfaultfd injected;
  private Userfaultfd uffd;
  private PagemapScan scan;

  @BeforeAll
  static void compileTheTracee() throws Exception {
    if (!PagemapScan.isSupported() || !UffdFeature.WP_ASYNC.in(Userfaultfd.kernelFeatures())) {
      String message = "WRITE TRACKING NOT TESTED: this kernel has no PAGEMAP_SCAN with WP_ASYNC";
      System.err.println(message);
      Assumptions.abort(message);
    }
    tracee = CProgram.compile("tracee", directory);
  }

  @BeforeEach
  void registerTheMemoryOfAProcess() throws Exception {
    path = Files.createTempFile(Path.of("/dev/shm"), "farpage-test", ".ram");
    try (var ram = new java.io.RandomAccessFile(path.toFile(), "rw")) {
      ram.setLength((long) PAGES * PAGE);
    }
    file = RamFile.open(path, true);
    child = ChildProcess.startTracee(tracee, "faulter", path);
    remote = Long.parseUnsignedLong(child.readLine());
    injected = InjectedUserfaultfd.open(child.pid());
    uffd = injected.local();
    uffd.handshake(
        UffdFeature.mask(
            UffdFeature.PAGEFAULT_FLAG_WP, UffdFeature.WP_HUGETLBFS_SHMEM, UffdFeature.WP_ASYNC));
    scan = PagemapScan.open(child.pid());
  }

  @AfterEach
  void endTheChild() throws IOException {
    scan.close();
    child.close();
    uffd.close();
    file.close();
    Files.delete(path);
  }

  private void register() throws IOException {
    uffd.register(remote, file.sizeBytes(), UffdConstants.MODE_WP);
  }

  private void write(int page) throws IOException {
    assertEquals("7", child.ask("w " + page * PAGE + " 7"));
  }

  private void read(int page) throws IOException {
    child.ask("r " + page * PAGE);
  }

  private void protectAll() throws IOException {
    uffd.writeProtect(remote, file.sizeBytes());
  }

  private interface Scan {
    void run(long address, long lengthBytes, RangeListener listener) throws LinuxException;
  }

  /** The pages that a scan does not report. */
  private BitSet others(Scan scan) throws IOException {
    BitSet found = pages(scan);
    found.flip(0, PAGES);
    return found;
  }

  private BitSet pages(Scan what) throws IOException {
    BitSet pages = new BitSet();
    long[] before = {remote};
    what.run(
        remote,
        file.sizeBytes(),
        (start, end) -> {
          assertTrue(start < end && start >= before[0] && end <= remote + file.sizeBytes());
          before[0] = end;
          pages.set((int) ((start - remote) / PAGE), (int) ((end - remote) / PAGE));
        });
    return pages;
  }

  private static BitSet of(int... pages) {
    BitSet set = new BitSet();
    for (int page : pages) {
      set.set(page);
    }
    return set;
  }

  @Test
  void whatIsWrittenIsTakenOnce() throws Exception {
    register();
    protectAll();
    assertEquals(of(), pages(scan::takeWritten));
    write(3);
    write(4);
    write(PAGES - 1);
    assertEquals(of(3, 4, PAGES - 1), pages(scan::takeWritten));
    assertEquals(of(), pages(scan::takeWritten));
    write(4);
    assertEquals(of(4), pages(scan::takeWritten));
  }

  @Test
  void aPageThatIsOnlyReadIsNotWritten() throws Exception {
    write(5);
    register();
    protectAll();
    read(5);
    read(6);
    assertEquals(of(), pages(scan::takeWritten));
    BitSet all = new BitSet();
    all.set(0, PAGES);
    assertEquals(all, others(scan::doubtful));
  }

  @Test
  void holesAreNotReportedUntilTheyAreData() throws Exception {
    write(1);
    register();
    uffd.writeProtect(remote + PAGE, PAGE);
    assertEquals(of(), pages(scan::takeWritten), "holes count as written");
    write(100);
    assertEquals(of(100), pages(scan::takeWritten));
    assertEquals(of(1, 100), others(scan::doubtful));
    assertEquals(of(), pages(scan::takeWritten));
    write(100);
    assertEquals(of(100), pages(scan::takeWritten));
  }

  @Test
  void unwrittenPagesAreThoseThatNobodyWroteSinceTheyWereProtected() throws Exception {
    write(1);
    write(2);
    write(3);
    register();
    uffd.writeProtect(remote, 4 * PAGE);
    write(2);
    assertEquals(of(0, 1, 3), others(scan::doubtful));
    assertEquals(of(0, 1, 3), others(scan::doubtful), "looking arms nothing");
    assertEquals(of(2), pages(scan::takeWritten));
    assertEquals(of(0, 1, 2, 3), others(scan::doubtful));
  }

  @Test
  void aProtectedPageThatIsPunchedRemembersItsProtection() throws Exception {
    write(1);
    write(2);
    register();
    uffd.writeProtect(remote, 4 * PAGE);
    file.punchHole(PAGE, 2 * PAGE);
    assertEquals(of(0, 1, 2, 3), others(scan::doubtful));
    assertEquals(of(), others(scan::absent));
    write(2);
    assertEquals(of(2), pages(scan::takeWritten));
  }

  @Test
  void aWrittenPageThatIsPunchedIsNotUnwritten() throws Exception {
    register();
    uffd.writeProtect(remote, 4 * PAGE);
    write(1);
    file.punchHole(PAGE, PAGE);
    assertEquals(of(), pages(scan::takeWritten));
    assertEquals(of(0, 2, 3), others(scan::doubtful));
    read(1);
    assertEquals(of(1), pages(scan::takeWritten), "mapped anew, it counts as written");
  }

  @Test
  void presentPagesAreThoseOfThePageTable() throws Exception {
    register();
    write(7);
    read(9);
    assertEquals(of(7, 9), others(scan::absent));
    file.punchHole(7 * PAGE, PAGE);
    assertEquals(of(9), others(scan::absent));
  }

  /** The kernel collects 512 ranges at a time, and this side 4096 a call. */
  @ParameterizedTest
  @ValueSource(ints = {510, 511, 512, 513, 1000, 4095, 4096, 4097, 8000})
  void manyRanges(int count) throws Exception {
    register();
    protectAll();
    BitSet odd = new BitSet();
    StringBuilder commands = new StringBuilder();
    for (int page = 1; page < 2 * count; page += 2) {
      odd.set(page);
      commands.append("w ").append(page * PAGE).append(" 7\n");
    }
    Thread writer =
        new Thread(
            () -> {
              try {
                child.write(commands.toString().stripTrailing());
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    writer.start();
    for (int i = 0; i < odd.cardinality(); i++) {
      child.readLine();
    }
    writer.join();
    BitSet others = (BitSet) odd.clone();
    others.flip(0, PAGES);
    assertEquals(others, others(scan::doubtful));
    assertEquals(odd, others(scan::absent));
    assertEquals(odd, pages(scan::takeWritten));
    assertEquals(of(), pages(scan::takeWritten));
  }

  @Test
  void memoryThatIsNotTrackedIsRefusedAndNotTakenForUnwritten() throws Exception {
    write(1);
    assertEquals(
        Errno.EPERM, assertThrows(LinuxException.class, () -> pages(scan::takeWritten)).errno());
    assertEquals(
        Errno.EPERM, assertThrows(LinuxException.class, () -> others(scan::doubtful)).errno());
    register();
    protectAll();
    assertEquals(
        Errno.ENOENT,
        assertThrows(LinuxException.class, () -> uffd.writeProtect(remote - (1 << 30), 1 << 30))
            .errno());
    uffd.unregister(remote, file.sizeBytes());
    assertEquals(
        Errno.EPERM, assertThrows(LinuxException.class, () -> others(scan::doubtful)).errno());
  }

  @Test
  void aProcessThatIsGoneHasNothing() throws Exception {
    register();
    write(1);
    child.close();
    try {
      assertEquals(of(), pages(scan::takeWritten));
    } catch (LinuxException e) {
      // newer kernels say so
      assertEquals(Errno.ESRCH, e.errno());
    }
  }
}
