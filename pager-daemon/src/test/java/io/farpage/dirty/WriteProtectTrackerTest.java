package io.farpage.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.linux.LinuxException;
import io.farpage.linux.ProcessFds;
import io.farpage.linux.RamFile;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.test.Needs;
import io.farpage.test.ShmTempDir;
import io.farpage.transport.Extents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tracking the writes of a real process. */
@Timeout(120)
class WriteProtectTrackerTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 8192;
  private static final int HUGE = 2 << 20;

  @TempDir static Path programs;
  private static Path program;

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  private WriterProcess writer;
  private PageBits bits;

  @BeforeAll
  static void compileTheWriter() throws Exception {
    Needs.root();
    if (DirtyTrackers.best() != DirtyTracking.WP_ASYNC) {
      Needs.missing("a kernel that notes writes: Linux 6.7 or newer");
    }
    program = WriterProcess.compile(programs);
  }

  @BeforeEach
  void startTheWriter() throws IOException {
    writer = WriterProcess.start(program, directory.resolve("ram"), (long) PAGES * PAGE, PAGE);
    bits = PageBits.allocate(PAGES);
  }

  @AfterEach
  void endIt() {
    writer.close();
  }

  private DirtyTracker open() throws IOException {
    return DirtyTrackers.open(writer, writer.space(), DirtyTracking.WP_ASYNC);
  }

  private static Extents data(final long... bounds) {
    final Extents data = new Extents(1);
    for (int i = 0; i < bounds.length; i += 2) {
      data.add(0, bounds[i] * PAGE, (bounds[i + 1] - bounds[i]) * PAGE);
    }
    return data;
  }

  private static Extents everything() {
    return data(0, PAGES);
  }

  private static BitSet set(final PageBits bits) {
    final BitSet set = new BitSet();
    for (long page = bits.nextSet(0, bits.pageCount());
        page >= 0;
        page = bits.nextSet(page + 1, bits.pageCount())) {
      set.set((int) page);
    }
    return set;
  }

  private static BitSet of(final int... pages) {
    final BitSet set = new BitSet();
    for (final int page : pages) {
      set.set(page);
    }
    return set;
  }

  private static BitSet collect(final DirtyTracker tracker, final int pages) throws IOException {
    final PageBits written = PageBits.allocate(pages);
    tracker.collect(written);
    return set(written);
  }

  private static BitSet unclean(final DirtyTracker tracker, final int pages) throws IOException {
    final PageBits known = PageBits.allocate(pages);
    known.setRange(0, pages);
    final PageBits unclean = PageBits.allocate(pages);
    tracker.collectLast(known, unclean);
    return set(unclean);
  }

  @Test
  void noWriteIsLostHoweverOftenItIsCollected() throws Exception {
    final int busy = PAGES - 16;
    try (DirtyTracker tracker = open();
        RamCopy copy = new RamCopy(writer.ramFile())) {
      for (int repetition = 0; repetition < 3; repetition++) {
        writer.go(0, repetition % 2 == 0 ? busy : 64);
        tracker.arm(everything());
        copy.takeAll();
        long copied = 0;
        for (int round = 0; round < 100; round++) {
          tracker.collect(bits);
          copied += copy.take(bits);
        }
        assertTrue(copied > 0, "nobody wrote");
        final long writes = writer.stop();
        assertTrue(writes > 1000, "only " + writes + " writes");
        final PageBits known = PageBits.allocate(PAGES);
        known.setRange(0, PAGES);
        tracker.collectLast(known, bits);
        assertEquals(-1, bits.nextSet(busy, PAGES), "nobody wrote to these");
        copy.take(bits);
        assertEquals(of(), copy.wrong(), "lost writes");
      }
    }
  }

  /** What the test above is worth: the wrong order loses writes, and this is how it would look. */
  @Test
  void readingBeforeCollectingLosesWrites() throws Exception {
    BitSet wrong = of();
    try (DirtyTracker tracker = open();
        RamCopy before = new RamCopy(writer.ramFile());
        RamCopy copy = new RamCopy(writer.ramFile())) {
      for (int attempt = 0; attempt < 50 && wrong.isEmpty(); attempt++) {
        writer.go(0, PAGES);
        tracker.arm(everything());
        copy.takeAll();
        for (int round = 0; round < 5; round++) {
          before.takeAll();
          tracker.collect(bits);
          copy.take(bits, before);
        }
        writer.stop();
        final PageBits known = PageBits.allocate(PAGES);
        known.setRange(0, PAGES);
        tracker.collectLast(known, bits);
        copy.take(bits);
        wrong = copy.wrong();
      }
    }
    assertFalse(wrong.isEmpty(), "the comparison finds nothing");
  }

  @Test
  void aPageThatIsOnlyReadIsClean() throws Exception {
    writer.write(1);
    writer.write(2);
    try (DirtyTracker tracker = open()) {
      assertEquals("wp-async", tracker.name());
      assertTrue(tracker.rearms());
      tracker.arm(data(0, 4));
      writer.read(1);
      writer.write(2);
      assertEquals(of(2), collect(tracker, PAGES));
      assertEquals(of(), collect(tracker, PAGES));
      final BitSet unclean = unclean(tracker, PAGES);
      assertEquals(4, unclean.nextSetBit(0), "holes are doubtful, the rest is not");
      assertEquals(PAGES - 4, unclean.cardinality());
    }
  }

  @Test
  void dataThatTheVmmHasNotMappedIsTrackedToo() throws Exception {
    try (RamFile file = RamFile.open(writer.ramFile(), true)) {
      new com.sun.jna.Pointer(file.map()).setByte(5L * PAGE, (byte) 1);
    }
    try (DirtyTracker tracker = open()) {
      tracker.arm(data(5, 6));
      assertFalse(unclean(tracker, PAGES).get(5));
      assertEquals(1, writer.read(5));
      assertEquals(of(), collect(tracker, PAGES));
      writer.write(5);
      assertEquals(of(5), collect(tracker, PAGES));
    }
  }

  @Test
  void aHoleThatBecomesDataIsReported() throws Exception {
    writer.write(0);
    try (DirtyTracker tracker = open()) {
      tracker.arm(data(0, 1));
      writer.write(100);
      writer.write(101);
      assertEquals(of(100, 101), collect(tracker, PAGES));
      writer.write(101);
      assertEquals(of(101), collect(tracker, PAGES));
      writer.write(100);
      assertTrue(unclean(tracker, PAGES).get(100));
      assertFalse(unclean(tracker, PAGES).get(101));
    }
  }

  @Test
  void onlyKnownPagesBecomeUnclean() throws Exception {
    try (DirtyTracker tracker = open()) {
      tracker.arm(everything());
      writer.write(3);
      writer.write(4);
      final PageBits known = PageBits.allocate(PAGES);
      known.setRange(4, 10);
      tracker.collectLast(known, bits);
      assertEquals(of(4), set(bits));
    }
  }

  @Test
  void aPageThatWasWrittenAndGivenBackIsDoubtful() throws Exception {
    try (DirtyTracker tracker = open();
        RamFile file = RamFile.open(writer.ramFile(), true)) {
      tracker.arm(everything());
      writer.write(7);
      writer.write(9);
      file.punchHole(7L * PAGE, PAGE);
      assertEquals(of(9), collect(tracker, PAGES));
      assertEquals(of(7), unclean(tracker, PAGES));
    }
  }

  @Test
  void aPageThatIsGivenBackAndTakenAgainIsWritten() throws Exception {
    writer.write(7);
    try (DirtyTracker tracker = open();
        RamFile file = RamFile.open(writer.ramFile(), true)) {
      tracker.arm(everything());
      file.punchHole(7L * PAGE, PAGE);
      assertEquals(of(), collect(tracker, PAGES), "giving back is no write");
      writer.write(7);
      assertEquals(of(7), collect(tracker, PAGES));
    }
  }

  @Test
  void hugePagesAreTrackedWhole() throws Exception {
    final int count = 8;
    final Path ram = Needs.hugepages(count).resolve("farpage-dirty-" + writer.pid());
    try (WriterProcess huge = WriterProcess.start(program, ram, (long) count * HUGE, HUGE);
        DirtyTracker tracker = DirtyTrackers.open(huge, huge.space(), DirtyTracking.AUTO);
        RamCopy copy = new RamCopy(ram)) {
      for (int page = 0; page < count; page++) {
        huge.write(page);
      }
      final Extents data = new Extents(1);
      data.add(0, 0, (long) count * HUGE);
      tracker.arm(data);
      assertEquals(of(), collect(tracker, count));
      huge.write(3);
      assertEquals(of(3), unclean(tracker, count));
      assertEquals(of(3), collect(tracker, count));
      copy.takeAll();
      huge.go(0, count - 2);
      final PageBits written = PageBits.allocate(count);
      long copied = 0;
      for (int round = 0; round < 50; round++) {
        tracker.collect(written);
        copied += copy.take(written);
      }
      huge.stop();
      assertTrue(copied > 0);
      final BitSet unclean = unclean(tracker, count);
      assertFalse(unclean.get(count - 1));
      unclean.stream().forEach(written::set);
      copy.take(written);
      assertEquals(of(), copy.wrong());
    } finally {
      Files.deleteIfExists(ram);
    }
  }

  /** Pages may be counted in units that are larger than those that the kernel tells of. */
  @Test
  void aLargerPageIsWrittenInPartAndCleanAsAWhole() throws Exception {
    final PageSpace space = new PageSpace(new long[] {(long) PAGES * PAGE}, new long[] {4 * PAGE});
    try (DirtyTracker tracker = DirtyTrackers.open(writer, space, DirtyTracking.WP_ASYNC)) {
      tracker.arm(everything());
      writer.write(7);
      assertEquals(of(1), unclean(tracker, PAGES / 4));
      assertEquals(of(1), collect(tracker, PAGES / 4));
      assertEquals(of(), unclean(tracker, PAGES / 4));
    }
  }

  @Test
  void takenOffItLeavesNothingBehind() throws Exception {
    final var before = ProcessFds.read(writer.pid());
    final DirtyTracker tracker = open();
    tracker.arm(everything());
    assertEquals(
        "anon_inode:[userfaultfd]", ProcessFds.read(writer.pid()).get(tracker.vmmUserfaultfd()));
    final TrackingUnavailableException busy =
        assertThrows(TrackingUnavailableException.class, this::open);
    assertTrue(busy.getMessage().contains("another userfaultfd"), busy.getMessage());
    assertFalse(busy.getMessage().contains("\n"), busy.getMessage());
    assertEquals(before.size() + 1, ProcessFds.read(writer.pid()).size(), "undone in part");
    tracker.close();
    tracker.close();
    assertEquals(before, ProcessFds.read(writer.pid()));
    writer.write(5);
    try (DirtyTracker again = open()) {
      assertEquals(of(5), collect(again, PAGES), "a protection is left");
    }
    assertEquals(before, ProcessFds.read(writer.pid()));
  }

  @Test
  void aVmmThatIsGoneIsNoErrorOfTheClosing() throws Exception {
    final DirtyTracker tracker = open();
    tracker.arm(everything());
    writer.kill();
    assertThrows(LinuxException.class, () -> tracker.collect(bits));
    assertEquals(PAGES, unclean(tracker, PAGES).cardinality(), "after a loss all is doubtful");
    tracker.close();
    tracker.close();
  }

  @Test
  void aTrackerThatIsKilledLeavesTheGuestRunningAndCanBeTakenOff() throws Exception {
    final var before = ProcessFds.read(writer.pid());
    writer.go(0, PAGES);
    final int left;
    try (TrackerProcess tracker = TrackerProcess.start(writer)) {
      left = tracker.vmmUserfaultfd();
    }
    final long writes = writer.stop();
    writer.go(0, PAGES);
    Thread.sleep(50);
    assertTrue(writer.stop() > writes, "the guest stands still");
    assertThrows(TrackingUnavailableException.class, this::open);
    assertFalse(DirtyTrackers.removeLeftOver(writer, 0), "that is no userfaultfd");
    assertFalse(DirtyTrackers.removeLeftOver(writer, 999), "there is no such descriptor");
    DirtyTrackers.removeLeftOvers(writer);
    assertFalse(DirtyTrackers.removeLeftOver(writer, left));
    assertEquals(before, ProcessFds.read(writer.pid()));
    open().close();
  }

  @Test
  void whatPagesAGuestIsNotTakenOff() throws Exception {
    final var paging = io.farpage.linux.InjectedUserfaultfd.open(writer.pid());
    try (var local = paging.local()) {
      local.handshake(io.farpage.linux.UffdFeature.MINOR_SHMEM.bit());
      local.register(
          writer.ram().get(0).hostAddress(),
          writer.ram().get(0).sizeBytes(),
          io.farpage.linux.UffdConstants.MODE_MISSING);
      assertFalse(DirtyTrackers.removeLeftOver(writer, paging.remoteFd()));
      assertTrue(ProcessFds.read(writer.pid()).containsKey(paging.remoteFd()));
    }
  }

  @Test
  void whatCannotBeDoneIsSaidInOneLine() {
    final TrackingUnavailableException off =
        assertThrows(
            TrackingUnavailableException.class,
            () -> DirtyTrackers.open(writer, writer.space(), DirtyTracking.OFF));
    assertEquals("dirty tracking is switched off", off.getMessage());
  }
}
