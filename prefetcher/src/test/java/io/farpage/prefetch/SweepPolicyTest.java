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

class SweepPolicyTest {
  private static final long HUGE = 2L << 20;

  private final PageRun run = new PageRun();

  @Property(tries = 300)
  void everyMissingPageIsProposedOnceAndNoRunCrossesRegions(
      @ForAll @IntRange(min = 1, max = 150) final int first,
      @ForAll @IntRange(min = 1, max = 150) final int second,
      @ForAll @IntRange(min = 1, max = 5) final int third,
      @ForAll @IntRange(min = 1, max = 1 << 20) final int longest,
      @ForAll final long seed) {
    final PageSpace space =
        new PageSpace(
            new long[] {first * 4096L, second * 4096L, third * HUGE},
            new long[] {4096, 4096, HUGE});
    final int pageCount = (int) space.pageCount();
    final PageMap map = new PageMap(PageBits.allocate(pageCount));
    final PageOrigins origins = new PageOrigins(pageCount);
    final SweepPolicy policy = new SweepPolicy(new MissingPages(space, map, origins));
    final Random random = new Random(seed);
    final BitSet expected = new BitSet(pageCount);
    for (int page = 0; page < pageCount; page++) {
      if (random.nextInt(4) != 0) {
        origins.addData(page, 1);
        expected.set(page);
      }
    }
    final BitSet proposed = new BitSet(pageCount);
    while (policy.next(run, longest)) {
      final int region = space.regionOf(run.firstPage());
      final long end = run.firstPage() + run.pageCount();
      assertTrue(end <= space.endPage(region), "the run crosses into the next region");
      assertTrue(
          run.pageCount() == 1 || run.pageCount() * space.pageSizeBytes(region) <= longest,
          "the run is too long");
      assertEquals(run.pageCount(), map.claimRun(run.firstPage(), end));
      for (int page = (int) run.firstPage(); page < end; page++) {
        assertFalse(proposed.get(page), "page " + page + " was proposed before");
        proposed.set(page);
      }
      if (random.nextInt(3) == 0) {
        policy.onDemandFault(random.nextInt(pageCount));
      }
    }
    assertEquals(expected, proposed);
  }

  @Test
  void itGoesOnAfterTheLastFaultAndComesRoundToTheBeginning() {
    final PageSpace space = new PageSpace(new long[] {100 * 4096L}, new long[] {4096});
    final PageMap map = new PageMap(PageBits.allocate(100));
    final PageOrigins origins = new PageOrigins(100);
    origins.addData(0, 100);
    final SweepPolicy policy = new SweepPolicy(new MissingPages(space, map, origins));
    map.claim(70);
    policy.onDemandFault(70);
    expect(policy, map, 71, 16);
    expect(policy, map, 87, 13);
    expect(policy, map, 0, 16);
    map.claim(99);
    policy.onDemandFault(99);
    expect(policy, map, 16, 16);
  }

  private void expect(
      final SweepPolicy policy, final PageMap map, final long first, final long count) {
    assertTrue(policy.next(run, 16 * 4096));
    assertEquals(first, run.firstPage());
    assertEquals(count, run.pageCount());
    map.claimRun(first, first + count);
  }
}
