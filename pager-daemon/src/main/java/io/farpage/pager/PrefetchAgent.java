package io.farpage.pager;

import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;

/**
 * Fetches what is missing before the guest asks for it, with a bounded number of bytes in flight,
 * and places each run with one {@code UFFDIO_CONTINUE}.
 */
public final class PrefetchAgent implements Agent {
  private final PageSpace space;
  private final PageMap map;
  private final PageLane lane;
  private final PagePlacement placement;
  private final PrefetchPolicy policy;
  private final FaultFeed feed;
  private final PagerCounters counters;
  private final BandwidthLimit limit;
  private final long chunkBytes;
  private final PageRun run = new PageRun();
  private final WarmupReader warmup;
  private final ReadListener onRead = this::onRead;

  // a claimed run that the lane did not take after all
  private long heldFirst;
  private long heldCount;
  private boolean nothingFound;
  private volatile boolean lookAgain;
  private volatile boolean running;
  private volatile boolean drained;

  PrefetchAgent(final PagerContext context) {
    space = context.regions().space();
    map = context.map();
    lane = context.bulkLane();
    placement = context.newPlacement();
    policy = context.policy();
    counters = context.counters();
    limit = context.prefetchLimit();
    chunkBytes = context.chunkBytes();
    warmup = context.newWarmupReader();
    feed = new FaultFeed(policy::onDemandFault);
  }

  FaultFeed feed() {
    return feed;
  }

  WarmupReader warmup() {
    return warmup;
  }

  /** Lets the agent fetch, or look again when it has found nothing more. */
  void begin() {
    lookAgain = true;
    running = true;
  }

  /** Returns whether nothing was left to fetch, and nothing in flight, at the last look. */
  boolean isDrained() {
    return drained;
  }

  @Override
  public int doWork() {
    try {
      int work = feed.read();
      if (warmup != null && !warmup.hasEnded()) {
        return work + warmup.doWork();
      }
      if (running) {
        work += issue();
      }
      work += lane.poll(onRead);
      if (running) {
        drained = heldCount == 0 && lane.readsInFlight() == 0 && nothingFound;
      }
      return work;
    } catch (final IOException e) {
      throw new AgentTerminationException(e);
    }
  }

  private int issue() throws IOException {
    int issued = 0;
    if (lookAgain) {
      limit.restart();
    }
    // room first, claim second: a fault on a claimed page waits for whoever claimed it
    while (heldCount > 0 || (limit.mayTake() && lane.hasRoom(chunkBytes) && choose())) {
      final int region = space.regionOf(heldFirst);
      final long length = heldCount * space.pageSizeBytes(region);
      if (!lane.tryRead(region, space.offsetBytes(region, heldFirst), (int) length, 0)) {
        break;
      }
      limit.take(length);
      counters.add(PagerCounter.PREFETCH_READS, 1);
      heldCount = 0;
      issued++;
    }
    return issued;
  }

  private boolean choose() {
    if (nothingFound && !lookAgain) {
      return false; // a look takes time in proportion to the RAM
    }
    lookAgain = false;
    nothingFound = false;
    while (policy.next(run, chunkBytes)) {
      final long claimed = map.claimRun(run.firstPage(), run.firstPage() + run.pageCount());
      if (claimed > 0) {
        heldFirst = run.firstPage();
        heldCount = claimed;
        return true;
      }
    }
    nothingFound = true;
    return false;
  }

  private void onRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie) {
    final long firstPage = space.pageAt(region, offsetBytes);
    final long pageCount = lengthBytes / space.pageSizeBytes(region);
    map.markReceived(firstPage, pageCount);
    try {
      placement.place(region, firstPage, pageCount);
    } catch (final IOException e) {
      throw new AgentTerminationException(e);
    }
    counters.add(PagerCounter.PREFETCHED_PAGES, pageCount);
    counters.add(PagerCounter.PREFETCHED_BYTES, lengthBytes);
  }

  @Override
  public String roleName() {
    return "prefetch";
  }
}
