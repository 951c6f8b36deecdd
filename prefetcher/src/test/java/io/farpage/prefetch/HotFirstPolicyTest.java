package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class HotFirstPolicyTest {
  private static final long SMALL = 4096;
  private static final long HUGE = 2L << 20;
  private static final int PAGES = 300;

  private final PageRun run = new PageRun();
  private final PageSpace space = new PageSpace(new long[] {PAGES * SMALL}, new long[] {SMALL});
  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private final PageOrigins origins = new PageOrigins(PAGES);
  private final MissingPages missing = new MissingPages(space, map, origins);
  private final PageHeat heat = new PageHeat(PAGES);
  private final HotFirstPolicy policy = new HotFirstPolicy(missing, heat);

  @Property(tries = 300)
  void everyMissingPageIsProposedOnceAndNoRunCrossesRegions(
      @ForAll @IntRange(min = 1, max = 150) final int first,
      @ForAll @IntRange(min = 1, max = 150) final int second,
      @ForAll @IntRange(min = 1, max = 5) final int third,
      @ForAll @IntRange(min = 1, max = 1 << 20) final int longest,
      @ForAll final long seed) {
    final PageSpace regions =
        new PageSpace(
            new long[] {first * SMALL, second * SMALL, third * HUGE},
            new long[] {SMALL, SMALL, HUGE});
    final Random random = new Random(seed);
    final int pageCount = (int) regions.pageCount();
    final PageMap pages = new PageMap(PageBits.allocate(pageCount));
    final PageOrigins data = new PageOrigins(pageCount);
    final PageHeat some = new PageHeat(pageCount);
    final BitSet expected = new BitSet(pageCount);
    for (int page = 0; page < pageCount; page++) {
      if (random.nextInt(4) != 0) {
        data.addData(page, 1);
        expected.set(page);
      }
    }
    data.complete();
    for (int scan = 0; scan < 8; scan++) {
      some.onScan(randomPages(random, pageCount, 10));
    }
    final HotFirstPolicy hotFirst =
        new HotFirstPolicy(new MissingPages(regions, pages, data), some);
    final BitSet proposed = new BitSet(pageCount);
    while (hotFirst.next(run, longest)) {
      final int region = regions.regionOf(run.firstPage());
      final long end = run.firstPage() + run.pageCount();
      assertTrue(end <= regions.endPage(region), "the run crosses into the next region");
      assertTrue(
          run.pageCount() == 1 || run.pageCount() * regions.pageSizeBytes(region) <= longest,
          "the run is too long");
      assertEquals(run.pageCount(), pages.claimRun(run.firstPage(), end));
      for (int page = (int) run.firstPage(); page < end; page++) {
        assertFalse(proposed.get(page), "page " + page + " was proposed before");
        proposed.set(page);
      }
      if (random.nextInt(3) == 0) {
        hotFirst.onDemandFault(random.nextInt(pageCount));
      }
    }
    assertEquals(expected, proposed);
  }

  /** Of pages without heat, and after the last hot one. */
  @Property(tries = 100)
  void withoutHotPagesItIsTheSweep(@ForAll final long seed) {
    final Random random = new Random(seed);
    final PageMap otherMap = new PageMap(PageBits.allocate(PAGES));
    final PageMap thisMap = new PageMap(PageBits.allocate(PAGES));
    final PageOrigins data = new PageOrigins(PAGES);
    final BitSet set = new BitSet();
    random.ints(200, 0, PAGES).forEach(set::set);
    set.stream().forEach(page -> data.addData(page, 1));
    data.complete();
    final PageRun other = new PageRun();
    final SweepPolicy sweep = new SweepPolicy(new MissingPages(space, otherMap, data));
    final HotFirstPolicy hotFirst =
        new HotFirstPolicy(new MissingPages(space, thisMap, data), new PageHeat(PAGES));
    boolean more = true;
    while (more) {
      final long length = SMALL * (1 + random.nextInt(20));
      more = sweep.next(other, length);
      assertEquals(more, hotFirst.next(run, length));
      if (more) {
        assertEquals(other.firstPage(), run.firstPage());
        assertEquals(other.pageCount(), run.pageCount());
        otherMap.claimRun(run.firstPage(), run.firstPage() + run.pageCount());
        thisMap.claimRun(run.firstPage(), run.firstPage() + run.pageCount());
      }
      if (random.nextInt(4) == 0) {
        final int fault = random.nextInt(PAGES);
        sweep.onDemandFault(fault);
        hotFirst.onDemandFault(fault);
      }
    }
  }

  @Test
  void theHottestClassGoesFirst() {
    dataEverywhere();
    scan(10, 11, 100); // 0x08 in the end: the coldest of the hot
    scan();
    scan(50); // 0x20
    scan();
    scan(200, 201); // 0x80
    expect(200, 2);
    expect(50, 1);
    expect(100, 1); // each class goes on where the one before has ended
    expect(10, 2);
    expect(0, 10);
    expect(12, 16);
  }

  @Test
  void withinAClassItGoesOnAfterTheLastFaultAndComesRound() {
    dataEverywhere();
    scan(20, 40, 60, 80);
    map.claim(50);
    policy.onDemandFault(50);
    expect(60, 1);
    expect(80, 1);
    expect(20, 1);
    expect(40, 1);
    // the sweep has not moved: it goes on from the fault
    expect(51, 9);
  }

  @Test
  void aLittleColderMemoryBetweenHotPagesComesAlong() {
    dataEverywhere();
    scan(20, 25, 31, 32);
    // four pages lie between 20 and 25, five between 25 and 31
    expect(20, 6);
    expect(31, 2);
  }

  @Test
  void aGapThatHasArrivedIsNotBridgedAndARunEndsAtItsLimit() {
    dataEverywhere();
    scan(20, 22, 24, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58);
    map.claim(23);
    expect(20, 3);
    expect(24, 1);
    expect(40, 16 - 1); // 40 to 54, and 56 would be the 17th
    expect(56, 3);
  }

  @Test
  void hugePagesAreNotBridged() {
    final PageSpace huge = new PageSpace(new long[] {10 * HUGE}, new long[] {HUGE});
    final PageMap pages = new PageMap(PageBits.allocate(10));
    final PageOrigins data = new PageOrigins(10);
    data.addData(0, 10);
    data.complete();
    final PageHeat some = new PageHeat(10);
    some.onScan(of(10, 3, 5));
    final HotFirstPolicy hotFirst = new HotFirstPolicy(new MissingPages(huge, pages, data), some);
    assertTrue(hotFirst.next(run, 8 * HUGE));
    assertEquals(3, run.firstPage());
    assertEquals(1, run.pageCount());
  }

  @Test
  void hotPagesThatAreGivenBackLaterAreStillFetched() {
    origins.addData(0, 10);
    origins.complete();
    scan(5);
    expect(5, 1);
    expect(0, 5);
    map.release(5, 1);
    expect(5, 5);
    assertFalse(policy.next(run, SMALL));
    assertEquals("hot-first", policy.name());
  }

  private void dataEverywhere() {
    origins.addData(0, PAGES);
    origins.complete();
  }

  private void scan(final int... pages) {
    heat.onScan(of(PAGES, pages));
  }

  private void expect(final long first, final long count) {
    assertTrue(policy.next(run, 16 * SMALL));
    assertEquals(first, run.firstPage());
    assertEquals(count, run.pageCount());
    map.claimRun(first, first + count);
  }

  private static PageBits of(final int pageCount, final int... pages) {
    final PageBits bits = PageBits.allocate(pageCount);
    for (final int page : pages) {
      bits.set(page);
    }
    return bits;
  }

  private static PageBits randomPages(final Random random, final int pageCount, final int oneIn) {
    final PageBits bits = PageBits.allocate(pageCount);
    for (int page = 0; page < pageCount; page++) {
      if (random.nextInt(oneIn) == 0) {
        bits.set(page);
      }
    }
    return bits;
  }
}
