package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What the agents call for every page allocates nothing. */
class HotPathAllocationTest {
  private static final int PAGES = 4096;
  private static final int ROUNDS = 200;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void choosingClaimingAndMarkingAllocateNothing() {
    final long[] sizes = {PAGES / 2 * 4096L, PAGES / 2 * 4096L};
    final PageSpace space = new PageSpace(sizes, new long[] {4096, 4096});
    final PageMap map = new PageMap(PageBits.allocate(PAGES));
    final PageOrigins origins = new PageOrigins(PAGES);
    origins.addData(0, PAGES);
    origins.complete();
    final MissingPages missing = new MissingPages(space, map, origins);
    final SweepPolicy policy = new SweepPolicy(missing);
    final PageRun run = new PageRun();
    // the first round loads classes; a round frees what the one before has claimed
    round(map, origins, missing, policy, run);
    final long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < ROUNDS; i++) {
      round(map, origins, missing, policy, run);
    }
    // what the measurement itself takes is less than a byte a page
    final long pages = (long) ROUNDS * PAGES;
    assertEquals(0, (threads.getCurrentThreadAllocatedBytes() - before) / pages);
  }

  private static void round(
      final PageMap map,
      final PageOrigins origins,
      final MissingPages missing,
      final SweepPolicy policy,
      final PageRun run) {
    map.release(0, PAGES);
    policy.onDemandFault(1234);
    int pages = 0;
    while (policy.next(run, 64 * 4096)) {
      pages += (int) map.claimRun(run.firstPage(), run.firstPage() + run.pageCount());
    }
    map.claim(0);
    origins.originOf(1);
    map.markReceived(0, 1);
    map.isReceived(0);
    missing.notReceivedCount();
    if (pages == 0) {
      throw new AssertionError("nothing was chosen");
    }
  }
}
