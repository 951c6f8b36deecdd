package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicIntegerArray;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class FaultClusterTest {
  private static final long SMALL = 4096;
  private static final long HUGE = 2L << 20;
  private static final int PAGES = 200;

  private final PageRun run = new PageRun();
  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private final PageOrigins origins = new PageOrigins(PAGES);
  // the second region begins at page 100
  private final PageSpace space =
      new PageSpace(new long[] {100 * SMALL, 100 * SMALL}, new long[] {SMALL, SMALL});
  private final PageHeat heat = new PageHeat(PAGES);
  private final FaultCluster cluster = new FaultCluster(map, origins, space, heat, 8 * SMALL);

  @Test
  void hotNeighboursComeAlongThoseBehindFirst() {
    origins.addData(0, PAGES);
    warm(40, 60);
    expect(45, 45, 8);
    expect(57, 53, 7);
    assertTrue(map.isClaimed(59));
    assertFalse(map.isClaimed(60), "a cold neighbour stays");
    expect(44, 40, 5);
  }

  @Test
  void aColdPageStaysAloneAndSoDoesAnyWithoutHeat() {
    origins.addData(0, PAGES);
    warm(40, 60);
    expect(39, 39, 1);
    final FaultCluster none = new FaultCluster(map, origins, space, null, 8 * SMALL);
    assertTrue(map.claim(50));
    assertEquals(1, none.claimAround(50, run));
    assertEquals(50, run.firstPage());
    assertFalse(map.isClaimed(51));
  }

  @Test
  void holesRegionsAndPagesOfOthersEndIt() {
    origins.addData(0, 42);
    origins.addData(43, PAGES - 43);
    warm(40, 50);
    expect(41, 40, 2);
    assertTrue(map.claim(46));
    map.markReceived(46, 1);
    expect(44, 43, 3);
    warm(95, 105);
    expect(98, 95, 5);
    assertFalse(map.isClaimed(100));
    expect(101, 100, 5);
  }

  @Test
  void thePageItselfIsAlwaysAllowed() {
    final PageSpace huge = new PageSpace(new long[] {4 * HUGE}, new long[] {HUGE});
    final PageMap pages = new PageMap(PageBits.allocate(4));
    final PageOrigins data = new PageOrigins(4);
    data.addData(0, 4);
    final PageHeat all = new PageHeat(4);
    final PageBits written = PageBits.allocate(4);
    written.setRange(0, 4);
    all.onScan(written);
    pages.claim(2);
    assertEquals(1, new FaultCluster(pages, data, huge, all, 8 * SMALL).claimAround(2, run));
    assertEquals(2, run.firstPage());
  }

  /** A cluster and a claimer of runs never get the same page. */
  @Property(tries = 50)
  void besideAnotherClaimerEveryPageHasOneOwner(
      @ForAll @IntRange(min = 1, max = 1000) final int pageCount, @ForAll final long seed)
      throws Exception {
    final PageSpace one = new PageSpace(new long[] {pageCount * SMALL}, new long[] {SMALL});
    final PageMap pages = new PageMap(PageBits.allocate(pageCount));
    final PageOrigins data = new PageOrigins(pageCount);
    data.addData(0, pageCount);
    final PageHeat all = new PageHeat(pageCount);
    final PageBits written = PageBits.allocate(pageCount);
    written.setRange(0, pageCount);
    all.onScan(written);
    final FaultCluster faults = new FaultCluster(pages, data, one, all, 16 * SMALL);
    final AtomicIntegerArray owners = new AtomicIntegerArray(pageCount);
    final CyclicBarrier together = new CyclicBarrier(2);
    final Thread prefetcher =
        new Thread(
            () -> {
              final Random random = new Random(seed);
              meet(together);
              for (int i = 0; i < 200; i++) {
                final int first = random.nextInt(pageCount);
                own(owners, first, pages.claimRun(first, Math.min(pageCount, first + 10)));
              }
            });
    prefetcher.start();
    final Random random = new Random(seed + 1);
    meet(together);
    for (int i = 0; i < 200; i++) {
      final int page = random.nextInt(pageCount);
      if (pages.claim(page)) {
        final long count = faults.claimAround(page, run);
        assertEquals(count, run.pageCount());
        assertTrue(count <= 16);
        assertTrue(run.firstPage() <= page && page < run.firstPage() + count);
        own(owners, run.firstPage(), count);
      }
    }
    prefetcher.join();
    for (int page = 0; page < pageCount; page++) {
      assertEquals(pages.isClaimed(page) ? 1 : 0, owners.get(page), "owners of page " + page);
    }
  }

  private static void meet(final CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (final Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void own(final AtomicIntegerArray owners, final long first, final long count) {
    for (long page = first; page < first + count; page++) {
      owners.incrementAndGet((int) page);
    }
  }

  private void warm(final int first, final int end) {
    final PageBits written = PageBits.allocate(PAGES);
    written.setRange(first, end - first);
    heat.onScan(written);
  }

  private void expect(final long page, final long first, final long count) {
    assertTrue(map.claim(page));
    assertEquals(count, cluster.claimAround(page, run));
    assertEquals(first, run.firstPage());
    assertEquals(count, run.pageCount());
    for (long each = first; each < first + count; each++) {
      assertTrue(map.isClaimed(each));
    }
  }
}
