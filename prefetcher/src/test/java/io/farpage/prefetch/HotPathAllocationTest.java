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
  private final PageSpace space =
      new PageSpace(new long[] {PAGES / 2 * 4096L, PAGES / 2 * 4096L}, new long[] {4096, 4096});
  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private final PageOrigins origins = new PageOrigins(PAGES);
  private final MissingPages missing = new MissingPages(space, map, origins);
  private final PageHeat heat = new PageHeat(PAGES);
  private final PageRun run = new PageRun();

  @Test
  void choosingClaimingAndMarkingAllocateNothing() {
    origins.addData(0, PAGES);
    origins.complete();
    final SweepPolicy policy = new SweepPolicy(missing);
    requireNoAllocation(() -> fetchAll(policy));
  }

  @Test
  void choosingHotPagesFirstAllocatesNothing() {
    origins.addData(0, PAGES);
    origins.complete();
    heat.onScan(everyThird());
    // exhausted classes stay so: a round needs a policy of its own
    final HotFirstPolicy[] policies = new HotFirstPolicy[ROUNDS + 1];
    for (int i = 0; i <= ROUNDS; i++) {
      policies[i] = new HotFirstPolicy(missing, heat);
    }
    final int[] round = {0};
    requireNoAllocation(() -> fetchAll(policies[round[0]++]));
  }

  @Test
  void everyPolicyAllocatesNothing() {
    origins.addData(0, PAGES);
    origins.complete();
    heat.onScan(everyThird());
    final long[] recorded = new long[PAGES / 2];
    for (int i = 0; i < recorded.length; i++) {
      recorded[i] = i * 7919L % PAGES;
    }
    final RecordedFaults faults = new RecordedFaults(space, recorded);
    for (final String name : PrefetchPolicies.NAMES) {
      final PrefetchPolicy policy = PrefetchPolicies.create(name, missing, heat, faults);
      requireNoAllocation(
          () -> {
            map.release(0, PAGES);
            for (long page = 3; policy.next(run, 16 * 4096); page = (page + 5) % PAGES) {
              map.claimRun(run.firstPage(), run.firstPage() + run.pageCount());
              policy.onTouch(run.marker() >= 0 ? run.marker() : run.firstPage());
              policy.onDemandFault(page);
              policy.onDemandFault((page * 7919) % PAGES);
            }
          });
    }
  }

  @Test
  void wideningFaultsAllocatesNothing() {
    origins.addData(0, PAGES);
    origins.complete();
    final PageBits all = PageBits.allocate(PAGES);
    all.setRange(0, PAGES);
    heat.onScan(all);
    final FaultCluster cluster = new FaultCluster(map, origins, space, heat, 8 * 4096);
    requireNoAllocation(
        () -> {
          map.release(0, PAGES);
          for (long page = 0; page < PAGES; page += 5) {
            if (map.claim(page)) {
              cluster.claimAround(page, run);
            }
          }
        });
  }

  @Test
  void aRoundOfTheWarmupAllocatesNothing() {
    origins.noteData(0, PAGES);
    final WarmupPlan plan = new WarmupPlan(space, map, origins, heat);
    final PageBits written = everyThird();
    final PageBits nothing = PageBits.allocate(PAGES);
    requireNoAllocation(
        () -> {
          plan.onScan(written);
          for (int i = 0; i < 8; i++) {
            plan.onScan(nothing);
          }
          plan.beginRound();
          while (plan.next(run, 64 * 4096)) {
            plan.onRead(run.firstPage(), run.pageCount());
          }
          if (plan.missingBytes() + plan.hotBytes() != 0) {
            throw new AssertionError("the round has left pages");
          }
        });
  }

  private void requireNoAllocation(final Runnable round) {
    // the first round loads classes; a round frees what the one before has claimed
    round.run();
    final long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < ROUNDS; i++) {
      round.run();
    }
    // what the measurement itself takes is less than the smallest object a round
    final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertEquals(0, allocated / (ROUNDS * 16L));
  }

  private void fetchAll(final PrefetchPolicy policy) {
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

  private static PageBits everyThird() {
    final PageBits pages = PageBits.allocate(PAGES);
    for (int page = 0; page < PAGES; page += 3) {
      pages.set(page);
    }
    return pages;
  }
}
