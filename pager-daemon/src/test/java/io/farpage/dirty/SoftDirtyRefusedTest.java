package io.farpage.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.linux.SoftDirty;
import io.farpage.test.Needs;
import io.farpage.test.ShmTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where there are no soft-dirty bits, that is said in one line. */
@Timeout(120)
class SoftDirtyRefusedTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 16;
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

  @Test
  void withoutTheBitsItIsSaidInOneLine() throws Exception {
    Assumptions.assumeFalse(SoftDirty.isSupported());
    try (WriterProcess writer = start()) {
      assertEquals(
          "soft-dirty: this kernel was built without CONFIG_MEM_SOFT_DIRTY",
          assertThrows(
                  TrackingUnavailableException.class,
                  () -> DirtyTrackers.open(writer, writer.space(), DirtyTracking.SOFT_DIRTY))
              .getMessage());
    }
  }

  @Test
  void hugePagesAreRefused() throws Exception {
    final Path ram = Needs.hugepages(1).resolve("farpage-soft-dirty");
    try (WriterProcess writer = WriterProcess.start(program, ram, HUGE, HUGE)) {
      final String message =
          assertThrows(
                  TrackingUnavailableException.class,
                  () -> DirtyTrackers.open(writer, writer.space(), DirtyTracking.SOFT_DIRTY))
              .getMessage();
      assertTrue(message.contains("hugetlbfs"), message);
    } finally {
      Files.deleteIfExists(ram);
    }
  }
}
