package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What every policy must keep, whatever the guest does. */
class PrefetchPoliciesTest {
  private static final long SMALL = 4096;
  private static final long HUGE = 2L << 20;

  private final PageRun run = new PageRun();

  @Provide
  Arbitrary<String> policies() {
    return Arbitraries.of(PrefetchPolicies.NAMES);
  }

  @Property(tries = 600)
  void everyMissingPageIsProposedOnceAndNoRunCrossesRegions(
      @ForAll("policies") final String name,
      @ForAll @IntRange(min = 1, max = 300) final int first,
      @ForAll @IntRange(min = 1, max = 300) final int second,
      @ForAll @IntRange(min = 1, max = 5) final int third,
      @ForAll @IntRange(min = 1, max = 1 << 20) final int longest,
      @ForAll final boolean warm,
      @ForAll final long seed) {
    final PageSpace space =
        new PageSpace(
            new long[] {first * SMALL, second * SMALL, third * HUGE},
            new long[] {SMALL, SMALL, HUGE});
    final int pageCount = (int) space.pageCount();
    final PageMap map = new PageMap(PageBits.allocate(pageCount));
    final PageOrigins origins = new PageOrigins(pageCount);
    final Random random = new Random(seed);
    final BitSet expected = new BitSet(pageCount);
    for (int page = 0; page < pageCount; page++) {
      if (random.nextInt(4) != 0) {
        origins.addData(page, 1);
        expected.set(page);
      }
    }
    origins.complete();
    final PrefetchPolicy policy =
        PrefetchPolicies.create(
            name,
            new MissingPages(space, map, origins),
            warm ? someHeat(random, pageCount) : null,
            new RecordedFaults(space, random.longs(pageCount, -10, pageCount + 10L).toArray()));
    assertEquals(name, warm || !name.equals("hot-first") ? policy.name() : name);
    final BitSet claimed = new BitSet(pageCount);
    long stream = random.nextInt(pageCount);
    final long stride = random.nextInt(7) - 3;
    while (policy.next(run, longest)) {
      final int region = space.regionOf(run.firstPage());
      final long end = run.firstPage() + run.pageCount();
      assertTrue(end <= space.endPage(region), "the run crosses into the next region");
      assertTrue(
          run.pageCount() == 1 || run.pageCount() * space.pageSizeBytes(region) <= longest,
          "the run is too long");
      assertTrue(
          run.marker() == -1 || run.marker() >= run.firstPage() && run.marker() < end,
          "the marker is not in the run");
      if (random.nextInt(10) == 0) {
        continue; // proposed again, since nobody has claimed it
      }
      assertEquals(run.pageCount(), map.claimRun(run.firstPage(), end));
      for (int page = (int) run.firstPage(); page < end; page++) {
        assertFalse(claimed.get(page), "page " + page + " was proposed although it was claimed");
        claimed.set(page);
      }
      if (random.nextBoolean()) {
        policy.onTouch(random.nextBoolean() && run.marker() >= 0 ? run.marker() : run.firstPage());
      }
      if (random.nextInt(3) == 0) {
        stream = Math.floorMod(stream + stride, pageCount);
        final int page = random.nextInt(4) == 0 ? random.nextInt(pageCount) : (int) stream;
        if (map.claim(page)) {
          claimed.set(page);
          policy.onDemandFault(page);
        }
      }
    }
    claimed.and(expected); // a demand fault on a hole claims it too
    assertEquals(expected, claimed);
  }

  @Test
  void pagesOfAReadThatFailedAreProposedAgain() {
    for (final String name : PrefetchPolicies.NAMES) {
      final PageSpace space = new PageSpace(new long[] {100 * SMALL}, new long[] {SMALL});
      final PageMap map = new PageMap(PageBits.allocate(100));
      final PageOrigins origins = new PageOrigins(100);
      origins.addData(0, 100);
      origins.complete();
      final PrefetchPolicy policy =
          PrefetchPolicies.create(
              name,
              new MissingPages(space, map, origins),
              someHeat(new Random(1), 100),
              new RecordedFaults(space, new long[] {5, 6, 50}));
      while (policy.next(run, 8 * SMALL)) {
        map.claimRun(run.firstPage(), run.firstPage() + run.pageCount());
      }
      map.release(50, 3);
      assertTrue(policy.next(run, 8 * SMALL), name);
      assertEquals(50, run.firstPage(), name);
      assertEquals(3, run.pageCount(), name);
    }
  }

  @Test
  void unknownNamesAndAReplayOfNothingAreRefused() {
    final PageSpace space = new PageSpace(new long[] {SMALL}, new long[] {SMALL});
    final MissingPages missing =
        new MissingPages(space, new PageMap(PageBits.allocate(1)), new PageOrigins(1));
    assertThrows(
        IllegalArgumentException.class, () -> PrefetchPolicies.create("best", missing, null, null));
    assertThrows(
        IllegalArgumentException.class,
        () -> PrefetchPolicies.create("replay", missing, null, null));
  }

  private static PageHeat someHeat(final Random random, final int pageCount) {
    final PageHeat heat = new PageHeat(pageCount);
    for (int page = 0; page < pageCount; page++) {
      if (random.nextInt(5) == 0) {
        heat.set(page, random.nextInt(256));
      }
    }
    return heat;
  }
}
