package io.farpage.pager;

import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdEvents;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.FaultCluster;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigin;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.LaneUse;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import org.HdrHistogram.Histogram;
import org.agrona.collections.LongArrayQueue;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.NanoClock;

/**
 * Answers the faults of the guest: event, remote read, received bit, {@code UFFDIO_CONTINUE}.
 *
 * <p>There may be several, each with a userfaultfd and a lane of its own, see {@link FaultStripes}.
 *
 * <p>Neighbours that the guest wrote often too come along, see {@link FaultCluster}.
 *
 * <p>The latency recorded is that from reading the event to the end of CONTINUE, in nanoseconds,
 * for faults that needed a remote read of their own.
 */
public final class DemandAgent implements Agent {
  private static final int QUEUE_CAPACITY = 4096;
  private static final long NO_PAGE = -1;
  private static final int EVENTS_PER_READ = 64;

  /** The longest read for one fault: takes about as long as the way there and back. */
  private static final long CLUSTER_BYTES = 64 * 1024;

  /** What is mapped after a fault on a page of the warm-up: takes some forty microseconds. */
  private static final long SHOWN_BYTES = 512 * 1024;

  private final Userfaultfd userfaultfd;
  private final UffdEvents events;
  private final GuestRegions regions;
  private final PageSpace space;
  private final PageMap map;
  private final PageOrigins origins;
  private final PageLane lane;
  private final PagePlacement placement;
  private final FaultFeed feed;
  private final PagerCounters counters;
  private final NanoClock clock;
  private final Histogram latencyNs;
  private final ReadListener onRead = this::onRead;

  private final FaultCluster cluster;
  private final boolean warm;
  private final FaultRecorder recorder;
  private final WaitChoice waitChoice;
  private final PageRun run = new PageRun();
  private final String roleName;

  // claimed runs that the lane had no room for, with the time of their fault
  private final LongArrayQueue waitingPages = new LongArrayQueue(QUEUE_CAPACITY, NO_PAGE);
  private final LongArrayQueue waitingCounts = new LongArrayQueue(QUEUE_CAPACITY, NO_PAGE);
  private final LongArrayQueue waitingTimes = new LongArrayQueue(QUEUE_CAPACITY, NO_PAGE);

  private boolean justAsked;
  private volatile boolean armed;
  private volatile boolean holding;

  /**
   * Creates the agent of a shard.
   *
   * @param shard from 0 on
   */
  DemandAgent(final PagerContext context, final FaultFeeds feeds, final int shard) {
    userfaultfd = context.userfaultfd(shard);
    events = new UffdEvents(EVENTS_PER_READ);
    regions = context.regions();
    space = regions.space();
    map = context.map();
    origins = context.origins();
    lane = context.demandLane(shard);
    placement = context.newPlacement();
    counters = context.demandCounters(shard);
    clock = context.clock();
    latencyNs = context.faultLatencyNs(shard);
    warm = context.showsAhead();
    recorder = context.recorder();
    waitChoice = new WaitChoice();
    cluster = new FaultCluster(map, origins, space, context.heat(), CLUSTER_BYTES);
    feed = feeds.of(shard);
    roleName = context.shards() == 1 ? "demand" : "demand-" + shard;
  }

  /**
   * Lets faults be answered. A fault that comes earlier ends the agent: the guest still runs on the
   * source, so a page read now could be an old one.
   */
  void arm() {
    armed = true;
  }

  /**
   * Returns for how many nanoseconds it pays to poll on for a page that the guest waits for, before
   * sleeping; asked by this agent's thread.
   */
  long spinNs() {
    return lane.readsInFlight() == 0 ? 0 : Math.max(lane.spinNs(), waitChoice.spinNs());
  }

  /** Lets faults wait until {@link #arm()}. */
  void hold() {
    holding = true;
  }

  @Override
  public void onStart() {
    LaneUse.DEMAND.scheduleThread();
  }

  @Override
  public int doWork() {
    try {
      // pages first: who waits for one has waited longer than a new fault
      int work = lane.poll(onRead);
      if (work == 0 && justAsked) {
        // whoever sends the page has had no time for it, and may need this processor
        justAsked = false;
        return 0;
      }
      work += sendWaiting() + readFaults();
      if (work > 0) {
        lane.flush();
        justAsked = lane.readsInFlight() > 0;
      }
      return work;
    } catch (final IOException e) {
      throw new AgentTerminationException(e);
    }
  }

  private int readFaults() throws IOException {
    if (holding && !armed) {
      return 0;
    }
    final int count = events.readFrom(userfaultfd);
    if (count <= 0) {
      if (count < 0) {
        throw new io.farpage.linux.LinuxException("reading faults", -count);
      }
      return 0;
    }
    if (!armed) {
      throw new IOException(
          "the destination's VMM touched guest RAM before the source had stopped");
    }
    final long now = clock.nanoTime();
    for (int i = 0; i < count; i++) {
      if (events.event(i) == UffdConstants.EVENT_PAGEFAULT) {
        onFault(events.address(i), now);
      }
    }
    return count;
  }

  private void onFault(final long address, final long now) throws IOException {
    final long page = regions.pageAt(address);
    if (page < 0) {
      throw new IOException("fault outside of the guest's RAM at 0x" + Long.toHexString(address));
    }
    counters.add(PagerCounter.FAULTS, 1);
    recorder.record(page, now);
    final int region = space.regionOf(page);
    if (map.isReceived(page)) {
      answerAgain(region, page);
    } else if (!map.claim(page)) {
      // its reader will place it, and that wakes this fault too; unless it did just now
      counters.add(PagerCounter.FAULTS_IN_FLIGHT, 1);
      feed.publishTouch(page);
      map.await(page);
      if (map.isReceived(page)) {
        answerAgain(region, page);
      }
    } else if (origins.originOf(page) == PageOrigin.HOLE) {
      map.markReceived(page, 1);
      placement.placeZeros(region, page);
      counters.add(PagerCounter.ZERO_PAGES, 1);
    } else {
      feed.publishDemand(page);
      cluster.claimAround(page, run);
      if (!waitingPages.isEmpty() || !read(region, run.firstPage(), run.pageCount(), now)) {
        waitingPages.addLong(run.firstPage());
        waitingCounts.addLong(run.pageCount());
        waitingTimes.addLong(now);
      }
    }
  }

  private void answerAgain(final int region, final long page) throws IOException {
    feed.publishTouch(page);
    if (placement.placeAgain(region, page)) {
      counters.add(PagerCounter.GIVEN_BACK_PAGES, 1);
    } else {
      counters.add(PagerCounter.FAULTS_LATE, 1);
      if (warm) {
        showNext(region, page);
      }
    }
  }

  /** What a warm-up has brought is not mapped yet: the next fault would be on the next page. */
  private void showNext(final int region, final long page) throws IOException {
    final long limit = Math.min(space.endPage(region), page + space.pagesIn(region, SHOWN_BYTES));
    final long end = map.receivedEnd(page + 1, limit);
    if (end > page + 1) {
      placement.placeUntilMapped(region, page + 1, end - page - 1);
    }
  }

  private boolean read(final int region, final long first, final long count, final long now)
      throws IOException {
    final long length = count * space.pageSizeBytes(region);
    return lane.tryRead(region, space.offsetBytes(region, first), (int) length, now);
  }

  private int sendWaiting() throws IOException {
    int sent = 0;
    while (!waitingPages.isEmpty()) {
      final long page = waitingPages.peekLong();
      final long count = waitingCounts.peekLong();
      if (!read(space.regionOf(page), page, count, waitingTimes.peekLong())) {
        break;
      }
      waitingPages.pollLong();
      waitingCounts.pollLong();
      waitingTimes.pollLong();
      sent++;
    }
    return sent;
  }

  private void onRead(
      final int region, final long offsetBytes, final int lengthBytes, final long faultTime) {
    final long first = space.pageAt(region, offsetBytes);
    final long count = lengthBytes / space.pageSizeBytes(region);
    map.markReceived(first, count);
    try {
      placement.place(region, first, count);
    } catch (final IOException e) {
      throw new AgentTerminationException(e);
    }
    counters.add(PagerCounter.DEMAND_FAULTS, 1);
    counters.add(PagerCounter.CLUSTERED_PAGES, count - 1);
    counters.add(PagerCounter.DEMAND_BYTES, lengthBytes);
    final long elapsedNs = clock.nanoTime() - faultTime;
    waitChoice.onAnswer(elapsedNs);
    latencyNs.recordValue(Math.min(elapsedNs, latencyNs.getHighestTrackableValue()));
  }

  @Override
  public String roleName() {
    return roleName;
  }
}
