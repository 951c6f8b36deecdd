package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicIntegerArray;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PageMapTest {
  private static final int THREADS = 3;

  /** Threads that claim single pages and runs at once never get the same page. */
  @Property(tries = 30)
  void everyPageIsClaimedByExactlyOneThread(
      @ForAll @IntRange(min = 1, max = 2000) final int pageCount, @ForAll final long seed)
      throws Exception {
    final PageMap map = new PageMap(PageBits.allocate(pageCount));
    final AtomicIntegerArray owners = new AtomicIntegerArray(pageCount);
    final CyclicBarrier together = new CyclicBarrier(THREADS);
    final Thread[] threads = new Thread[THREADS];
    for (int t = 0; t < THREADS; t++) {
      final Random random = new Random(seed + t);
      threads[t] =
          new Thread(
              () -> {
                try {
                  together.await();
                } catch (final Exception e) {
                  throw new IllegalStateException(e);
                }
                claimAll(map, owners, random);
              });
      threads[t].start();
    }
    for (final Thread thread : threads) {
      thread.join();
    }
    for (int page = 0; page < pageCount; page++) {
      assertEquals(1, owners.get(page), "claims of page " + page);
    }
  }

  private static void claimAll(
      final PageMap map, final AtomicIntegerArray owners, final Random random) {
    final long end = map.pageCount();
    for (int i = 0; i < 200; i++) {
      final long first = random.nextInt((int) end);
      final long count =
          random.nextBoolean()
              ? map.claimRun(first, Math.min(end, first + 1 + random.nextInt(100)))
              : map.claim(first) ? 1 : 0;
      for (long page = first; page < first + count; page++) {
        owners.incrementAndGet((int) page);
      }
    }
    for (long page = 0; page < end; page++) {
      if (map.claim(page)) {
        owners.incrementAndGet((int) page);
      }
    }
  }

  @Property(tries = 300)
  void aRunEndsWhereAPageIsTakenOrAtItsLimit(
      @ForAll @IntRange(min = 1, max = 400) final int pageCount, @ForAll final long seed) {
    final Random random = new Random(seed);
    final PageMap map = new PageMap(PageBits.allocate(pageCount));
    final BitSet taken = new BitSet(pageCount);
    for (int i = 0; i < 30; i++) {
      final int first = random.nextInt(pageCount);
      final int limit = first + random.nextInt(pageCount - first + 1);
      final int free = taken.nextSetBit(first);
      final int expected = Math.min(limit, free < 0 ? limit : free) - first;
      assertEquals(expected, map.claimRun(first, limit));
      taken.set(first, first + expected);
      for (int page = 0; page < pageCount; page++) {
        assertEquals(taken.get(page), map.isClaimed(page), "page " + page);
      }
    }
  }

  @Property(tries = 100)
  void whatWasReceivedBeforeIsClaimedAndIsNeverGivenBack(
      @ForAll @IntRange(min = 1, max = 400) final int pageCount, @ForAll final long seed) {
    final Random random = new Random(seed);
    final PageBits received = PageBits.allocate(pageCount);
    for (int page = 0; page < pageCount; page++) {
      if (random.nextBoolean()) {
        received.set(page);
      }
    }
    final long before = received.count();
    final PageMap map = new PageMap(received);
    assertEquals(before, map.receivedCount());
    map.release(0, pageCount);
    for (int page = 0; page < pageCount; page++) {
      assertEquals(!received.get(page), map.claim(page), "page " + page);
    }
  }

  @Test
  void aReadThatFailedGivesItsPagesBack() {
    final PageMap map = new PageMap(PageBits.allocate(200));
    assertEquals(100, map.claimRun(50, 150));
    map.markReceived(60, 1);
    map.release(50, 100);
    assertTrue(map.claim(50));
    assertFalse(map.claim(60));
    assertTrue(map.isReceived(60));
    assertFalse(map.isReceived(61));
    assertTrue(map.claim(149));
  }

  @Test
  void aPageThatTheGuestHasWrittenSinceIsMissingAgain() {
    final PageMap map = new PageMap(PageBits.allocate(200));
    map.claimRun(50, 150);
    map.markReceived(50, 100);
    map.invalidate(60);
    map.invalidateRange(100, 30);
    assertEquals(69, map.receivedCount());
    assertFalse(map.isReceived(60));
    assertFalse(map.isClaimed(60));
    assertTrue(map.isReceived(59));
    assertTrue(map.isReceived(61));
    assertEquals(30, map.claimRun(100, 200));
    assertTrue(map.claim(60));
  }
}
