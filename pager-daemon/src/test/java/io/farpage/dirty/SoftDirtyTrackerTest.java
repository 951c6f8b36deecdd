package io.farpage.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.prefetch.PageBits;
import io.farpage.test.Needs;
import io.farpage.test.ShmTempDir;
import io.farpage.transport.Extents;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tracking by soft-dirty bits, in the lab: its kernels have them, others seldom. */
@Tag("soft-dirty")
@Timeout(120)
public class SoftDirtyTrackerTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 4096;
  private static final int HUGE = 2 << 20;

  @TempDir static Path programs;
  private static Path program;

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  @BeforeAll
  static void compileTheWriter() throws Exception {
    Needs.root();
    program = WriterProcess.compile(programs);
  }

  private WriterProcess start() throws IOException {
    return WriterProcess.start(program, directory.resolve("ram"), (long) PAGES * PAGE, PAGE);
  }

  private static Extents everything() {
    final Extents data = new Extents(1);
    data.add(0, 0, (long) PAGES * PAGE);
    return data;
  }

  @Test
  void whatIsWrittenStaysWritten() throws Exception {
    try (WriterProcess writer = start();
        DirtyTracker tracker =
            DirtyTrackers.open(writer, writer.space(), DirtyTracking.SOFT_DIRTY)) {
      assertEquals("soft-dirty", tracker.name());
      assertFalse(tracker.rearms());
      assertEquals(-1, tracker.vmmUserfaultfd());
      for (int page = 0; page < 10; page++) {
        writer.write(page);
      }
      tracker.arm(everything());
      writer.read(1);
      writer.write(2);
      final PageBits written = PageBits.allocate(PAGES);
      for (int i = 0; i < 2; i++) {
        written.clear();
        tracker.collect(written);
        assertTrue(written.get(2));
        assertEquals(1, written.count());
      }
      final PageBits known = PageBits.allocate(PAGES);
      known.setRange(0, 12);
      final PageBits unclean = PageBits.allocate(PAGES);
      tracker.collectLast(known, unclean);
      assertEquals(2, unclean.nextSet(0, PAGES));
      assertEquals(10, unclean.nextSet(3, PAGES), "holes are doubtful");
      assertEquals(3, unclean.count());
    }
  }

  @Test
  void noWriteIsLost() throws Exception {
    try (WriterProcess writer = start();
        DirtyTracker tracker =
            DirtyTrackers.open(writer, writer.space(), DirtyTracking.SOFT_DIRTY);
        RamCopy copy = new RamCopy(writer.ramFile())) {
      for (int repetition = 0; repetition < 10; repetition++) {
        writer.go(0, PAGES / 2);
        tracker.arm(everything());
        copy.takeAll();
        assertTrue(writer.stop() > 0);
        final PageBits known = PageBits.allocate(PAGES);
        known.setRange(0, PAGES);
        final PageBits unclean = PageBits.allocate(PAGES);
        tracker.collectLast(known, unclean);
        final int again = copy.take(unclean);
        assertTrue(again > 0, "nothing was written");
        assertTrue(copy.wrong().isEmpty(), "lost writes");
      }
    }
  }
}
