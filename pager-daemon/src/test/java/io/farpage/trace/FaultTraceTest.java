package io.farpage.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageSpace;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FaultTraceTest {
  private static final List<TraceRegion> REGIONS =
      List.of(
          new TraceRegion("mem0", 500 * 4096L, 4096), new TraceRegion("mém1", 3L << 21, 2L << 20));
  private static final int PAGES = 503;
  private static final Path NAME = Path.of("some.faults");

  @TempDir private Path directory;

  static LongStream seeds() {
    return LongStream.range(0, 50);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatWasWrittenIsReadAgain(final long seed) throws IOException {
    final Random random = new Random(seed);
    final int count = random.nextInt(300);
    final long[] pages = random.longs(count, 0, PAGES).toArray();
    final long[] times =
        random.longs(count, 0, 1L << 40).map(t -> t / 100 * 100).sorted().toArray();
    final int[] kinds = random.ints(count, 0, 4).toArray();
    final PageBits data = somePages(random, null);
    final PageBits missing = somePages(random, data);
    final PageHeat heat = random.nextBoolean() ? someHeat(random) : null;
    final Path file = directory.resolve("guest.faults");
    try (FaultTraceWriter writer = FaultTraceWriter.create(file, REGIONS)) {
      for (int i = 0; i < count; i++) {
        writer.add(pages[i], FaultKind.values()[kinds[i]], times[i]);
      }
      writer.end(seed, 7_000_000, 31_000, data, missing, heat);
    }
    final FaultTrace trace = FaultTrace.read(file);
    assertEquals(REGIONS, trace.regions());
    assertEquals(count, trace.count());
    for (int i = 0; i < count; i++) {
      assertEquals(pages[i], trace.page(i));
      assertEquals(times[i], trace.timeNs(i));
      assertEquals(kinds[i], trace.kind(i).ordinal());
    }
    assertEquals(seed, trace.lostCount());
    assertEquals(7_000_000, trace.resumeNs());
    assertEquals(31_000, trace.serviceNs());
    for (int page = 0; page < PAGES; page++) {
      assertEquals(data.get(page), trace.data().get(page));
      assertEquals(missing.get(page), trace.missing().get(page));
      if (heat != null) {
        assertEquals(heat.of(page), trace.heat().of(page));
      }
    }
    if (heat == null) {
      assertNull(trace.heat());
    }
  }

  @Test
  void aCompressedFileIsReadToo() throws IOException {
    final ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(zipped)) {
      out.write(sample());
    }
    assertEquals(3, read(zipped.toByteArray()).count());
    final byte[] cut = Arrays.copyOf(zipped.toByteArray(), zipped.size() / 2);
    requireOneLine(assertThrows(FaultTraceException.class, () -> read(cut)));
  }

  @Test
  void aFileThatIsCutOffAnywhereIsRefused() throws IOException {
    final byte[] whole = sample();
    for (int length = 0; length < whole.length; length++) {
      final byte[] cut = Arrays.copyOf(whole, length);
      final FaultTraceException refusal =
          assertThrows(FaultTraceException.class, () -> read(cut), "cut at " + length);
      requireOneLine(refusal);
    }
  }

  @Test
  void aFileWithAChangedByteIsReadOrRefusedButNothingElse() throws IOException {
    final byte[] whole = sample();
    final Random random = new Random(1);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      final byte[] changed = whole.clone();
      changed[random.nextInt(100) % whole.length] = (byte) random.nextInt(256);
      try {
        assertNotNull(read(changed));
      } catch (final FaultTraceException e) {
        requireOneLine(e);
        refused++;
      }
    }
    assertTrue(refused > 1000, refused + " were refused");
  }

  @Test
  void foreignFilesOtherVersionsAndMissingFilesAreNamed() throws IOException {
    final byte[] journal = "FARPJRNL and more".getBytes(StandardCharsets.UTF_8);
    assertEquals("some.faults is no fault trace", refusalOf(journal));
    assertEquals("some.faults is no fault trace: it is empty", refusalOf(new byte[0]));
    final byte[] newer = sample();
    newer[8] = 2;
    assertTrue(refusalOf(newer).contains("version 2"), refusalOf(newer));
    final byte[] longer = Arrays.copyOf(sample(), sample().length + 1);
    assertTrue(refusalOf(longer).contains("damaged"), refusalOf(longer));
    final FaultTraceException none =
        assertThrows(
            FaultTraceException.class, () -> FaultTrace.read(directory.resolve("none.faults")));
    assertTrue(none.getMessage().contains("none.faults"), none.getMessage());
  }

  @Test
  void aRecordOfAPageThatIsNotThereIsRefused() throws IOException {
    final Path file = directory.resolve("bad.faults");
    final PageBits nothing = PageBits.allocate(PAGES);
    try (FaultTraceWriter writer = FaultTraceWriter.create(file, REGIONS)) {
      writer.add(PAGES, FaultKind.DEMAND, 0);
      writer.end(0, 0, 0, nothing, nothing, null);
    }
    assertThrows(FaultTraceException.class, () -> FaultTrace.read(file));
  }

  @Test
  void missingPagesThatAreNoDataAreRefused() throws IOException {
    final Path file = directory.resolve("bad.faults");
    final PageBits one = PageBits.allocate(PAGES);
    one.set(7);
    try (FaultTraceWriter writer = FaultTraceWriter.create(file, REGIONS)) {
      writer.end(0, 0, 0, PageBits.allocate(PAGES), one, null);
    }
    assertThrows(FaultTraceException.class, () -> FaultTrace.read(file));
  }

  /** Its pages are found by the names of their regions, in a guest of another size too. */
  @Test
  void pagesAreNumberedAsAnotherGuestHasThem() throws IOException {
    final FaultTrace trace = read(sample());
    final List<TraceRegion> guest =
        List.of(
            new TraceRegion("new", 10 * 4096L, 4096), new TraceRegion("mem0", 100 * 4096L, 4096));
    final PageSpace space =
        new PageSpace(new long[] {10 * 4096L, 100 * 4096L}, new long[] {4096, 4096});
    // 3 of mem0, 499 of mem0 which is too small here, and one of a region that is not here
    assertEquals(
        List.of(13L, -1L, -1L), Arrays.stream(trace.pagesIn(guest, space)).boxed().toList());
    assertEquals(
        List.of(3L, 499L, 501L),
        Arrays.stream(trace.pagesIn(trace.regions(), trace.space())).boxed().toList());
  }

  private byte[] sample() throws IOException {
    final Path file = directory.resolve("sample.faults");
    final Random random = new Random(5);
    final PageBits data = somePages(random, null);
    try (FaultTraceWriter writer = FaultTraceWriter.create(file, REGIONS)) {
      writer.add(3, FaultKind.DEMAND, 1000);
      writer.add(499, FaultKind.HOLE, 70_000);
      writer.add(501, FaultKind.LOCAL, 71_000);
      writer.end(2, 0, 30_000, data, somePages(random, data), someHeat(random));
    }
    return Files.readAllBytes(file);
  }

  private static FaultTrace read(final byte[] content) throws IOException {
    return FaultTrace.read(NAME, new ByteArrayInputStream(content));
  }

  private static String refusalOf(final byte[] content) {
    return assertThrows(FaultTraceException.class, () -> read(content)).getMessage();
  }

  private static void requireOneLine(final FaultTraceException refusal) {
    assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("some.faults"), refusal.getMessage());
  }

  private static PageBits somePages(final Random random, final PageBits of) {
    final PageBits pages = PageBits.allocate(PAGES);
    for (int page = 0; page < PAGES; page++) {
      if (random.nextInt(3) != 0 && (of == null || of.get(page))) {
        pages.set(page);
      }
    }
    return pages;
  }

  private static PageHeat someHeat(final Random random) {
    final PageHeat heat = new PageHeat(PAGES);
    heat.set(0, 1);
    for (int page = 1; page < PAGES; page++) {
      heat.set(page, random.nextInt(4) == 0 ? random.nextInt(256) : heat.of(page - 1));
    }
    return heat;
  }
}
