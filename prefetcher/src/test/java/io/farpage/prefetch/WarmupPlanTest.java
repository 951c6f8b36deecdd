package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class WarmupPlanTest {
  private static final long SMALL = 4096;
  private static final long HUGE = 2L << 20;
  private static final int PAGES = 200;

  private final PageRun run = new PageRun();
  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private final PageOrigins origins = new PageOrigins(PAGES);
  private final PageHeat heat = new PageHeat(PAGES);
  private final WarmupPlan plan =
      new WarmupPlan(
          new PageSpace(new long[] {PAGES * SMALL}, new long[] {SMALL}), map, origins, heat);

  @Test
  void aGuestThatWritesNothingIsReadInOneRound() {
    origins.noteData(10, 100);
    assertFalse(plan.next(run, 64 * SMALL), "there is no round yet");
    assertEquals(100 * SMALL, plan.beginRound());
    next(10, 64, 64);
    assertEquals(36 * SMALL, plan.roundBytesLeft());
    assertEquals(100 * SMALL, plan.missingBytes());
    plan.onRead(10, 64);
    assertEquals(64 * SMALL, plan.validBytes());
    assertEquals(36 * SMALL, plan.missingBytes());
    next(74, 36, 64);
    plan.onRead(74, 36);
    assertFalse(plan.next(run, 64 * SMALL));
    assertEquals(100 * SMALL, plan.readBytes());
    assertEquals(0, plan.wastedBytes());
    assertEquals(0, plan.missingBytes());
    assertEquals(0, plan.beginRound());
    assertFalse(plan.next(run, 64 * SMALL));
    plan.onLastScan(written());
    assertEquals(100 * SMALL, plan.validBytes());
  }

  @Test
  void whatIsWrittenWhileItIsReadIsWorthless() {
    origins.noteData(0, 10);
    plan.beginRound();
    next(0, 10, 64);
    plan.onScan(written(3, 4, 9));
    plan.onRead(0, 10);
    assertEquals(10 * SMALL, plan.readBytes());
    assertEquals(3 * SMALL, plan.wastedBytes());
    assertEquals(0, plan.invalidatedBytes());
    assertEquals(7 * SMALL, plan.validBytes());
    assertFalse(map.isClaimed(3));
    assertEquals(3 * SMALL, plan.beginRound());
    next(3, 2, 64);
    plan.onRead(3, 2);
    assertTrue(map.isReceived(3), "the read after the scan saw what was written");
  }

  /** Until the exact list says so, nobody fetches them: they are most likely holes. */
  @Test
  void whatWasGivenBackIsNeitherHereNorData() {
    origins.noteData(0, 10);
    plan.beginRound();
    next(0, 10, 64);
    plan.onRead(0, 10);
    plan.onGivenBack(2, 3);
    plan.onLastScan(written(3, 7));
    assertFalse(map.isClaimed(2) || map.isClaimed(3) || map.isClaimed(4) || map.isClaimed(7));
    assertEquals(SMALL, plan.missingBytes(), "only 7 is fetched");
    assertEquals(6 * SMALL, plan.validBytes());
    assertEquals(2, origins.nextNoted(2, PAGES), "what was read of it lies in the file");
    plan.onGivenBack(0, 10);
    plan.invalidateAll();
    assertEquals(6 * SMALL, plan.validBytes(), "too late: the guest may have them");
  }

  @Test
  void noMoreIsReadThanTheBudgetAllows() {
    origins.noteData(0, 10);
    plan.budget(4 * SMALL);
    plan.beginRound();
    next(0, 4, 4);
    next(4, 2, 2);
    plan.onRead(0, 4);
    assertFalse(plan.next(run, SMALL));
    plan.onRead(4, 2);
    assertEquals(6 * SMALL, plan.validBytes());
  }

  @Test
  void allCanBeDoubtedAtOnce() {
    origins.noteData(0, 10);
    plan.beginRound();
    next(0, 5, 5);
    plan.onRead(0, 5);
    next(5, 5, 5);
    plan.invalidateAll();
    plan.onRead(5, 5);
    assertEquals(10 * SMALL, plan.missingBytes());
    assertEquals(5 * SMALL, plan.wastedBytes());
    assertEquals(10 * SMALL, plan.beginRound());
  }

  @Test
  void whatIsWrittenLaterIsMissingAgain() {
    origins.noteData(0, 10);
    plan.beginRound();
    next(0, 10, 64);
    plan.onRead(0, 10);
    plan.onScan(written(5));
    assertEquals(SMALL, plan.invalidatedBytes());
    assertEquals(0, plan.wastedBytes());
    assertEquals(9 * SMALL, plan.validBytes());
    assertFalse(plan.next(run, SMALL), "it waits for the next round");
    assertEquals(SMALL, plan.beginRound());
  }

  @Test
  void whatIsWrittenBeforeItIsReadLeavesTheRoundAndMayBeNewData() {
    origins.noteData(0, 10);
    plan.beginRound();
    plan.onScan(written(2, 100));
    assertEquals(9 * SMALL, plan.roundBytesLeft());
    assertEquals(11 * SMALL, plan.missingBytes());
    next(0, 2, 64);
    next(3, 7, 64);
    assertFalse(plan.next(run, SMALL));
    plan.onRead(0, 2);
    plan.onRead(3, 7);
    assertEquals(2 * SMALL, plan.beginRound());
    next(2, 1, 64);
    next(100, 1, 64);
  }

  @Test
  void hotPagesAreLeftForLaterUntilTheyHaveCooledDown() {
    origins.noteData(0, 10);
    for (int i = 0; i < WarmupPlan.MAX_WRITTEN_SCANS; i++) {
      plan.onScan(written(7));
      assertEquals(0, plan.hotBytes());
      assertEquals(10 * SMALL, plan.beginRound());
    }
    plan.onScan(written(7));
    assertEquals(SMALL, plan.hotBytes());
    assertEquals(9 * SMALL, plan.beginRound());
    assertEquals(10 * SMALL, plan.missingBytes());
    for (int i = 0; i < 6; i++) {
      plan.onScan(written());
    }
    assertEquals(0, plan.hotBytes());
    assertEquals(10 * SMALL, plan.beginRound());
  }

  @Test
  void theColdestGoFirstEachClassInTheOrderOfAddresses() {
    origins.noteData(0, 10);
    // heat: 3 and 8 got 0x80 four scans ago, 1 two scans ago, 5 in the last
    plan.onScan(written(3, 8));
    plan.onScan(written());
    plan.onScan(written(1));
    plan.onScan(written());
    plan.onScan(written(5));
    assertEquals(0x08, heat.of(3));
    assertEquals(0x20, heat.of(1));
    plan.beginRound();
    next(0, 1, 64);
    next(2, 1, 64);
    next(4, 1, 64);
    next(6, 2, 64);
    next(9, 1, 64);
    next(3, 1, 64);
    next(8, 1, 64);
    next(1, 1, 64);
    next(5, 1, 64);
    assertFalse(plan.next(run, SMALL));
  }

  @Test
  void aPageThatCoolsDownInMidRoundIsNotPassedOver() {
    origins.noteData(0, 128);
    plan.onScan(written(1, 100));
    plan.beginRound();
    next(0, 1, 1);
    next(2, 98, 128);
    // 1 is behind the sweep when it becomes as cold as the class that is being swept
    for (int i = 0; i < 8; i++) {
      plan.onScan(written());
    }
    next(100, 28, 128);
    next(1, 1, 64);
    assertEquals(0, plan.roundBytesLeft());
  }

  @Test
  void aReadThatFailedWaitsForALaterRound() {
    origins.noteData(0, 10);
    plan.beginRound();
    next(0, 10, 64);
    plan.onScan(written(4));
    plan.onLost(0, 10);
    assertFalse(plan.next(run, SMALL));
    assertEquals(0, plan.readBytes());
    assertEquals(10 * SMALL, plan.beginRound());
    next(0, 4, 64);
    next(5, 5, 64);
    next(4, 1, 64);
    plan.onRead(4, 1);
    assertTrue(map.isReceived(4), "the taint went with the read that failed");
  }

  @Test
  void theLastScanIsAppliedWhenNothingIsInFlight() {
    origins.noteData(0, 10);
    plan.beginRound();
    next(0, 4, 4);
    assertThrows(IllegalStateException.class, () -> plan.onLastScan(written(1)));
    plan.onRead(0, 4);
    plan.onLastScan(written(1, 150));
    assertEquals(SMALL, plan.invalidatedBytes());
    assertEquals(3 * SMALL, plan.validBytes());
    assertEquals(8 * SMALL, plan.missingBytes());
    assertEquals(0, heat.of(1), "the guest stands still: that is no scan like the others");
    assertEquals(0, plan.roundBytesLeft());
    assertFalse(plan.next(run, SMALL));
  }

  @Test
  void onlyPagesThatAreBeingReadCanHaveBeenRead() {
    origins.noteData(0, 10);
    plan.beginRound();
    next(0, 4, 4);
    assertThrows(IllegalStateException.class, () -> plan.onRead(0, 5));
    assertThrows(IllegalStateException.class, () -> plan.onLost(4, 1));
    plan.onRead(0, 4);
    assertThrows(IllegalStateException.class, () -> plan.onRead(3, 1));
  }

  @Test
  void aRunStaysInItsRegionAndIsCountedByItsPageSize() {
    final PageSpace space =
        new PageSpace(new long[] {70 * SMALL, 4 * HUGE}, new long[] {SMALL, HUGE});
    final PageMap pages = new PageMap(PageBits.allocate(74));
    final PageOrigins data = new PageOrigins(74);
    final WarmupPlan mixed = new WarmupPlan(space, pages, data, new PageHeat(74));
    data.noteData(60, 14);
    assertEquals(10 * SMALL + 4 * HUGE, mixed.beginRound());
    assertTrue(mixed.next(run, 64 * SMALL));
    assertEquals(60, run.firstPage());
    assertEquals(10, run.pageCount());
    assertTrue(mixed.next(run, SMALL));
    assertEquals(70, run.firstPage());
    assertEquals(1, run.pageCount());
    assertTrue(mixed.next(run, 2 * HUGE));
    assertEquals(71, run.firstPage());
    assertEquals(2, run.pageCount());
    assertEquals(HUGE, mixed.roundBytesLeft());
    mixed.onScan(of(74, 72, 73));
    assertEquals(0, mixed.roundBytesLeft());
    mixed.onRead(71, 2);
    assertEquals(2 * HUGE, mixed.readBytes());
    assertEquals(HUGE, mixed.wastedBytes());
    assertEquals(HUGE, mixed.validBytes());
    assertEquals(10 * SMALL + 3 * HUGE, mixed.missingBytes());
  }

  @Test
  void aCheckeredRoundIsSweptOncePerClass() {
    // a million pages in runs of one: would take minutes if each were searched from the beginning
    final int pageCount = 1 << 20;
    final PageSpace space = new PageSpace(new long[] {pageCount * SMALL}, new long[] {SMALL});
    final PageOrigins data = new PageOrigins(pageCount);
    data.noteData(0, pageCount);
    final WarmupPlan large =
        new WarmupPlan(
            space, new PageMap(PageBits.allocate(pageCount)), data, new PageHeat(pageCount));
    final PageBits odd = PageBits.allocate(pageCount);
    for (int page = 1; page < pageCount; page += 2) {
      odd.set(page);
    }
    large.onScan(odd);
    large.beginRound();
    int runs = 0;
    while (large.next(run, 64 * SMALL)) {
      runs++;
    }
    assertEquals(pageCount, runs);
  }

  @Test
  void classesNeverGoBackwardsWhateverTheHeat() {
    final Random random = new Random(11);
    origins.noteData(0, PAGES);
    for (int scan = 0; scan < 12; scan++) {
      final PageBits written = PageBits.allocate(PAGES);
      for (int page = 0; page < PAGES; page++) {
        if (random.nextInt(8) == 0) {
          written.set(page);
        }
      }
      plan.onScan(written);
    }
    final long length = plan.beginRound();
    assertEquals(plan.missingBytes() - plan.hotBytes(), length);
    int last = 0;
    long pages = 0;
    while (plan.next(run, 8 * SMALL)) {
      for (long page = run.firstPage(); page < run.firstPage() + run.pageCount(); page++) {
        assertTrue(heat.writtenScans(page) <= WarmupPlan.MAX_WRITTEN_SCANS);
        assertTrue(classOf(heat.of(page)) >= last, "page " + page + " is colder");
        last = classOf(heat.of(page));
        pages++;
      }
    }
    assertEquals(length, pages * SMALL);
    assertEquals(3, last);
  }

  private static int classOf(final int heat) {
    return heat == 0 ? 0 : heat < 32 ? 1 : heat < 128 ? 2 : 3;
  }

  private void next(final long first, final long count, final long maxPages) {
    assertTrue(plan.next(run, maxPages * SMALL));
    assertEquals(first, run.firstPage());
    assertEquals(count, run.pageCount());
    assertTrue(map.isClaimed(first));
  }

  private static PageBits written(final int... pages) {
    return of(PAGES, pages);
  }

  private static PageBits of(final int pageCount, final int... pages) {
    final PageBits bits = PageBits.allocate(pageCount);
    for (final int page : pages) {
      bits.set(page);
    }
    return bits;
  }
}
