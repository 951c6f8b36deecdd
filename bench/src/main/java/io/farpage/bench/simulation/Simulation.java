package io.farpage.bench.simulation;

import io.farpage.prefetch.FaultCluster;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.PrefetchPolicies;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.prefetch.RecordedFaults;
import io.farpage.trace.FaultKind;
import io.farpage.trace.FaultTrace;
import java.util.Arrays;

/**
 * One run of a recorded guest with a policy, as discrete events in virtual time.
 *
 * <p>The guest is one stream of first touches. Between two of them it thinks as long as in the
 * recording: the gap between the faults, less what the first of them took to answer there. What it
 * waits is simulated. A page of the warm-up and a hole cost nothing; a marker costs the service
 * time, unless everything has arrived.
 *
 * <p>Without a warm-up, nothing is fetched ahead before the guest has resumed; with one, it is
 * known when the guest stops what to fetch.
 *
 * <p>Page map, policy and {@link FaultCluster} are the real ones. Deterministic.
 */
public final class Simulation {
  private static final long LOCAL_SERVICE_NS = 5_000;
  private static final long NEVER = -1;

  /** What the demand agent reads for one fault at most. */
  private static final long CLUSTER_BYTES = 64 * 1024;

  private final FaultTrace trace;
  private final LinkModel link;
  private final PageSpace space;
  private final PageMap map;
  private final PageBits unmapped;
  private final PageBits prefetched;
  private final PageBits touchedPages;
  private final long[] arrivalNs;
  private final PrefetchPolicy policy;
  private final FaultCluster cluster;
  private final BulkReads bulk;
  private final PageRun run = new PageRun();

  private long nowNs;
  private long bulkBeginsNs;
  private boolean bulkBegan;
  private long completeNs = NEVER;
  private long touched;
  private long touchedMissing;
  private long touchedBefore;
  private long demandFaults;
  private long clustered;
  private long waits;
  private long markers;
  private long prefetchedPages;
  private long lostNs;
  private final long[] leadsNs;
  private int leads;

  private Simulation(
      final FaultTrace trace,
      final LinkModel link,
      final String policyName,
      final FaultTrace recording) {
    this.trace = trace;
    this.link = link;
    space = trace.space();
    final PageBits received = PageBits.allocate(space.pageCount());
    received.setDifference(trace.data(), trace.missing());
    map = new PageMap(received);
    final PageOrigins origins = originsOf(trace);
    unmapped = PageBits.allocate(space.pageCount());
    prefetched = PageBits.allocate(space.pageCount());
    touchedPages = PageBits.allocate(space.pageCount());
    arrivalNs = new long[Math.toIntExact(space.pageCount())];
    leadsNs = new long[trace.count()];
    final PageHeat heat = trace.heat();
    policy =
        PrefetchPolicies.create(
            policyName,
            new MissingPages(space, map, origins),
            heat,
            recording == null
                ? null
                : new RecordedFaults(space, recording.pagesIn(trace.regions(), space)));
    cluster = new FaultCluster(map, origins, space, heat, CLUSTER_BYTES);
    bulk = new BulkReads(link);
  }

  private static PageOrigins originsOf(final FaultTrace trace) {
    final long end = trace.space().pageCount();
    final PageOrigins origins = new PageOrigins(end);
    for (long page = trace.data().nextSet(0, end); page >= 0; ) {
      final long runEnd = trace.data().nextClear(page, end);
      origins.addData(page, runEnd - page);
      page = trace.data().nextSet(runEnd, end);
    }
    origins.complete();
    return origins;
  }

  /**
   * Runs a trace.
   *
   * @param policyName one of {@link PrefetchPolicies#NAMES}
   * @param recording what the policy knows of an earlier run, or null
   */
  public static SimulationResult run(
      final FaultTrace trace,
      final LinkModel link,
      final String policyName,
      final FaultTrace recording) {
    return new Simulation(trace, link, policyName, recording).run();
  }

  private SimulationResult run() {
    if (isWarm()) {
      issue();
    } else {
      bulkBeginsNs = trace.resumeNs();
    }
    long recordedNs = 0;
    for (int i = 0; i < trace.count(); i++) {
      final long gap = trace.timeNs(i) - recordedNs;
      final long waited = i == 0 ? 0 : recordedServiceNs(trace.kind(i - 1));
      recordedNs = trace.timeNs(i);
      advance(nowNs + Math.max(0, gap - waited));
      touch(trace.page(i));
    }
    final PageBits used = PageBits.allocate(space.pageCount());
    used.setIntersection(prefetched, touchedPages);
    final long usedPages = used.count();
    Arrays.sort(leadsNs, 0, leads);
    return new SimulationResult(
        touched,
        touchedMissing,
        touchedBefore,
        demandFaults,
        clustered,
        waits,
        markers,
        usedPages,
        prefetchedPages,
        usedPages,
        leads == 0 ? 0 : leadsNs[leads / 2],
        lostNs,
        completeNs);
  }

  private long recordedServiceNs(final FaultKind kind) {
    return kind == FaultKind.DEMAND ? trace.serviceNs() : LOCAL_SERVICE_NS;
  }

  private boolean isWarm() {
    return trace.missing().count() != trace.data().count();
  }

  /** Lets time pass, and reads arrive. */
  private void advance(final long untilNs) {
    if (!bulkBegan && untilNs >= bulkBeginsNs) {
      nowNs = Math.max(nowNs, bulkBeginsNs);
      issue();
    }
    while (bulk.next() != null && bulk.next().doneNs() <= untilNs) {
      final BulkReads.Read read = bulk.take();
      nowNs = Math.max(nowNs, read.doneNs());
      map.markReceived(read.first(), read.count());
      for (long page = read.first(); page < read.end(); page++) {
        arrivalNs[(int) page] = nowNs;
      }
      if (read.marker() >= 0 && !touchedPages.get(read.marker())) {
        unmapped.set(read.marker());
      }
      issue();
    }
    nowNs = Math.max(nowNs, untilNs);
  }

  private void issue() {
    bulkBegan = true;
    while (bulk.hasRoom()) {
      if (!policy.next(run, bulk.chunkBytes())) {
        if (bulk.next() == null && completeNs == NEVER) {
          completeNs = nowNs;
          unmapped.clear(); // the end of the migration maps them
        }
        return;
      }
      final long first = run.firstPage();
      final long claimed = map.claimRun(first, first + run.pageCount());
      if (claimed > 0) {
        final long marker = run.marker() < first + claimed ? run.marker() : NEVER;
        final long bytes = claimed * space.pageSizeBytes(space.regionOf(first));
        bulk.issue(first, claimed, marker, bytes, nowNs);
        prefetched.setRange(first, claimed);
        prefetchedPages += claimed;
      }
    }
  }

  private void touch(final long page) {
    final boolean isFirst = touchedPages.set(page);
    if (!isFirst || !trace.data().get(page)) {
      return;
    }
    touched++;
    if (!trace.missing().get(page)) {
      return;
    }
    touchedMissing++;
    if (completeNs == NEVER) {
      touchedBefore++;
    }
    if (map.isReceived(page)) {
      if (prefetched.get(page)) {
        leadsNs[leads++] = nowNs - arrivalNs[(int) page];
      }
      if (unmapped.get(page)) {
        unmapped.clear(page);
        markers++;
        policy.onTouch(page);
        waitUntil(nowNs + link.serviceNs());
      }
    } else if (map.claim(page)) {
      demandFaults++;
      policy.onDemandFault(page);
      final long count = cluster.claimAround(page, run);
      final long first = run.firstPage();
      clustered += count - 1;
      final long bytes = count * space.pageSizeBytes(space.regionOf(page));
      bulk.onDemandRead(bytes);
      waitUntil(nowNs + link.roundTripNs() + link.serviceNs() + link.transferNs(bytes));
      map.markReceived(first, count);
    } else {
      waits++;
      policy.onTouch(page);
      waitUntil(bulk.doneNs(page) + link.serviceNs());
    }
  }

  private void waitUntil(final long untilNs) {
    lostNs += untilNs - nowNs;
    advance(untilNs);
  }
}
