package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PageHeatTest {
  @Test
  void theLatestScansCountMost() {
    final PageHeat heat = new PageHeat(10);
    final PageBits written = PageBits.allocate(10);
    assertEquals(0, heat.of(3));
    written.set(3);
    heat.onScan(written);
    assertEquals(0x80, heat.of(3));
    heat.onScan(written);
    assertEquals(0xc0, heat.of(3));
    written.clear();
    heat.onScan(written);
    assertEquals(0x60, heat.of(3));
    assertEquals(2, heat.writtenScans(3));
    for (int i = 0; i < 6; i++) {
      heat.onScan(written);
    }
    assertEquals(1, heat.of(3));
    heat.onScan(written);
    assertEquals(0, heat.of(3));
    assertEquals(0, heat.of(2));
  }

  /** Against one number a page, shifted on its own. */
  @Property(tries = 100)
  void eightPagesAtATimeAreAsOneByOne(
      @ForAll @IntRange(min = 1, max = 300) final int pageCount, @ForAll final long seed) {
    final Random random = new Random(seed);
    final PageHeat heat = new PageHeat(pageCount);
    final PageBits written = PageBits.allocate(pageCount);
    final int[] model = new int[pageCount];
    for (int scan = 0; scan < 20; scan++) {
      written.clear();
      final int oneIn = 1 + random.nextInt(5);
      for (int page = 0; page < pageCount; page++) {
        model[page] >>>= 1;
        if (random.nextInt(oneIn) == 0) {
          written.set(page);
          model[page] |= 0x80;
        }
      }
      heat.onScan(written);
      for (int page = 0; page < pageCount; page++) {
        final int expected = model[page];
        assertEquals(expected, heat.of(page), "heat of page " + page);
        assertEquals(Integer.bitCount(expected), heat.writtenScans(page));
        for (int threshold = 1; threshold <= 256; threshold <<= 1) {
          assertEquals(
              expected >= threshold,
              (heat.atLeast(page >> 6, threshold) & 1L << page) != 0,
              expected + " at least " + threshold);
        }
        for (int scans = 0; scans <= 8; scans++) {
          assertEquals(
              Integer.bitCount(expected) > scans,
              (heat.writtenMoreThan(page >> 6, scans) & 1L << page) != 0,
              expected + " written in more than " + scans);
        }
      }
    }
  }
}
