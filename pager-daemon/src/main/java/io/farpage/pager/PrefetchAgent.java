package io.farpage.pager;

import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.transport.LaneUse;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.NanoClock;

/**
 * Fetches what is missing before the guest asks for it, with a bounded number of bytes in flight,
 * and places each run with one {@code UFFDIO_CONTINUE}.
 */
public final class PrefetchAgent implements Agent {
  /** Who is throttled must look at the clock this often. */
  private static final int THROTTLED_WAIT_MS = 2;

  /** Often enough to take up a lane that broke; rarely enough to leave the guest alone. */
  private static final int WAIT_MS = 20;

  private final PageSpace space;
  private final PageMap map;
  private final PageLane lane;
  private final PagePlacement placement;
  private final PrefetchPolicy policy;
  private final FaultFeeds feeds;
  private final PagerCounters counters;
  private final BandwidthLimit limit;
  private final NanoClock clock;
  private final BulkPace pace;
  private final long[] markers = new long[BulkPace.SLOTS];
  private final PageRun run = new PageRun();
  private final WarmupReader warmup;
  private final ReadListener onRead = this::onRead;

  // a claimed run that the lane did not take after all
  private long heldFirst;
  private long heldCount;
  private long heldMarker;
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
    clock = context.clock();
    pace = context.newBulkPace();
    warmup = context.newWarmupReader(pace);
    feeds = new FaultFeeds(context.shards(), policy, pace);
  }

  FaultFeeds feeds() {
    return feeds;
  }

  WarmupReader warmup() {
    return warmup;
  }

  /** Lets the agent fetch, or look again when it has found nothing more. */
  void begin() {
    lookAgain = true;
    running = true;
  }

  /** Returns how long to sleep when there is nothing to do, in milliseconds. */
  int waitMs() {
    final boolean reading = warmup != null && !warmup.hasEnded();
    return (reading ? warmup.isThrottled() : !limit.mayTake()) ? THROTTLED_WAIT_MS : WAIT_MS;
  }

  /** Returns whether nothing was left to fetch, and nothing in flight, at the last look. */
  boolean isDrained() {
    return drained;
  }

  @Override
  public int doWork() {
    try {
      int work = feeds.read();
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
    while (heldCount > 0 || (limit.mayTake() && pace.hasRoom(lane) && choose())) {
      final int region = space.regionOf(heldFirst);
      final long length = heldCount * space.pageSizeBytes(region);
      final long offset = space.offsetBytes(region, heldFirst);
      final int slot = pace.tryRead(lane, region, offset, (int) length, clock.nanoTime());
      if (slot < 0) {
        break;
      }
      markers[slot] = heldMarker;
      limit.take(length);
      counters.add(PagerCounter.PREFETCH_READS, 1);
      heldCount = 0;
      issued++;
    }
    if (issued > 0) {
      lane.flush();
    }
    return issued;
  }

  private boolean choose() {
    if (nothingFound && !lookAgain) {
      return false; // a look takes time in proportion to the RAM
    }
    lookAgain = false;
    nothingFound = false;
    while (policy.next(run, pace.chunkBytes())) {
      final long claimed = map.claimRun(run.firstPage(), run.firstPage() + run.pageCount());
      if (claimed > 0) {
        heldFirst = run.firstPage();
        heldCount = claimed;
        heldMarker = run.marker();
        return true;
      }
    }
    nothingFound = true;
    return false;
  }

  private void onRead(
      final int region, final long offsetBytes, final int lengthBytes, final long slot) {
    final long firstPage = space.pageAt(region, offsetBytes);
    final long pageCount = lengthBytes / space.pageSizeBytes(region);
    pace.end((int) slot, lengthBytes, clock.nanoTime());
    map.markReceived(firstPage, pageCount);
    try {
      placeExcept(markers[(int) slot], region, firstPage, firstPage + pageCount);
    } catch (final IOException e) {
      throw new AgentTerminationException(e);
    }
    counters.add(PagerCounter.PREFETCHED_PAGES, pageCount);
    counters.add(PagerCounter.PREFETCHED_BYTES, lengthBytes);
  }

  private void placeExcept(final long marker, final int region, final long first, final long end)
      throws IOException {
    if (marker < first || marker >= end || map.isAwaited(marker)) {
      placement.place(region, first, end - first);
      return;
    }
    if (marker > first) {
      placement.place(region, first, marker - first);
    }
    if (marker + 1 < end) {
      placement.place(region, marker + 1, end - marker - 1);
    }
  }

  @Override
  public void onStart() {
    LaneUse.BULK.scheduleThread();
  }

  @Override
  public String roleName() {
    return "prefetch";
  }
}
