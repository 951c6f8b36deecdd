package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The soft-dirty bits of another process, in the lab: its kernels have them, others seldom. */
@Tag("soft-dirty")
public class SoftDirtyTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 20_000;

  @TempDir static Path directory;
  private static Path tracee;

  private Path path;
  private ChildProcess child;
  private long remote;
  private SoftDirty bits;

  @BeforeAll
  static void compileTheTracee() throws Exception {
    tracee = CProgram.compile("tracee", directory);
  }

  @BeforeEach
  void startAProcess() throws Exception {
    path = Files.createTempFile(Path.of("/dev/shm"), "farpage-test", ".ram");
    try (RandomAccessFile ram = new RandomAccessFile(path.toFile(), "rw")) {
      ram.setLength((long) PAGES * PAGE);
    }
    child = ChildProcess.startTracee(tracee, "faulter", path);
    remote = Long.parseUnsignedLong(child.readLine());
    bits = SoftDirty.open(child.pid());
  }

  @AfterEach
  void endIt() throws IOException {
    bits.close();
    child.close();
    Files.delete(path);
  }

  private void write(int page) throws IOException {
    assertEquals("7", child.ask("w " + page * PAGE + " 7"));
  }

  private BitSet written() throws IOException {
    BitSet pages = new BitSet();
    bits.written(remote, (long) PAGES * PAGE, (start, end) -> set(pages, start, end));
    return pages;
  }

  private BitSet unwritten() throws IOException {
    BitSet pages = new BitSet();
    bits.unwritten(remote, (long) PAGES * PAGE, (start, end) -> set(pages, start, end));
    return pages;
  }

  private void set(BitSet pages, long start, long end) {
    pages.set((int) ((start - remote) / PAGE), (int) ((end - remote) / PAGE));
  }

  private static BitSet of(int... pages) {
    BitSet set = new BitSet();
    for (int page : pages) {
      set.set(page);
    }
    return set;
  }

  @Test
  void whatIsWrittenAfterTheClearingIsSeenUntilTheNext() throws Exception {
    write(1);
    write(2);
    write(PAGES - 1);
    assertEquals(of(1, 2, PAGES - 1), written());
    bits.clear();
    assertEquals(of(), written());
    assertEquals(of(1, 2, PAGES - 1), unwritten());
    write(2);
    write(9000);
    assertEquals(of(2, 9000), written());
    assertEquals(of(2, 9000), written(), "looking clears nothing");
    assertEquals(of(1, PAGES - 1), unwritten());
    bits.clear();
    assertEquals(of(), written());
  }

  @Test
  void aPageThatIsOnlyReadIsUnwritten() throws Exception {
    write(5);
    bits.clear();
    child.ask("r " + 5 * PAGE);
    assertFalse(written().get(5));
    assertTrue(unwritten().get(5));
  }

  @Test
  void aPageThatIsFirstReadAndThenWrittenIsWritten() throws Exception {
    bits.clear();
    child.ask("r " + 6 * PAGE);
    assertFalse(written().get(6));
    write(6);
    assertTrue(written().get(6));
    assertFalse(unwritten().get(6));
  }

  @Test
  void whatIsNotMappedIsDoubtful() throws Exception {
    write(3);
    bits.clear();
    try (RamFile file = RamFile.open(path, true)) {
      file.punchHole(3L * PAGE, PAGE);
    }
    assertFalse(unwritten().get(3));
    assertFalse(written().get(3));
  }

  @Test
  void aProcessThatIsGoneHasNone() throws Exception {
    child.close();
    assertEquals(Errno.ESRCH, assertThrows(LinuxException.class, () -> unwritten()).errno());
  }
}
