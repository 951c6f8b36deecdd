package io.farpage.pager;

import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.WarmupPlan;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.NanoClock;

/**
 * Reads memory while the guest still runs on the source: pages land in the RAM file and are noted,
 * but not shown to the VMM, since the guest may write them again.
 *
 * <p>Rounds are begun and ended from outside; the reading is done on the thread of the prefetch
 * agent, whose lane it uses until {@link #hasEnded()}.
 */
public final class WarmupReader {
  private enum Phase {
    /** Nothing to read, nothing in flight. */
    IDLE,
    /** A round is being read. */
    READING,
    /** Nothing more is begun; what is in flight arrives. */
    ENDING,
    /** Over for good: the lane is free. */
    ENDED
  }

  private final PageSpace space;
  private final PageLane lane;
  private final WarmupPlan plan;
  private final BandwidthLimit limit;
  private final BulkPace pace;
  private final NanoClock clock;
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.IDLE);
  private final PageRun run = new PageRun();
  private final ReadListener onRead = this::onRead;

  private volatile boolean fresh;

  // a claimed run that the lane did not take after all
  private long heldCount;

  WarmupReader(
      final PageSpace space,
      final PageLane lane,
      final WarmupPlan plan,
      final BandwidthLimit limit,
      final BulkPace pace,
      final NanoClock clock) {
    this.space = space;
    this.lane = lane;
    this.plan = plan;
    this.limit = limit;
    this.pace = pace;
    this.clock = clock;
  }

  /** Begins to read the round that the plan has; from any thread. */
  public void begin() {
    fresh = true;
    if (!phase.compareAndSet(Phase.IDLE, Phase.READING)) {
      throw new IllegalStateException("a round is being read already");
    }
  }

  /** Returns whether the round has been read, and has arrived. */
  public boolean isIdle() {
    return phase.get() == Phase.IDLE;
  }

  /** Begins no more reads; from any thread. */
  public void end() {
    phase.set(Phase.ENDING);
  }

  /** Returns whether the warm-up is over, and nothing of it in flight. */
  public boolean hasEnded() {
    return phase.get() == Phase.ENDED;
  }

  /** Returns whether only the bandwidth limit keeps it from reading on. */
  boolean isThrottled() {
    return !limit.mayTake();
  }

  int doWork() throws IOException {
    int work = 0;
    switch (phase.get()) {
      case READING -> {
        work += issue();
        work += lane.poll(onRead);
      }
      case ENDING -> {
        work += lane.poll(onRead);
        giveBackHeld();
        if (lane.readsInFlight() == 0) {
          phase.set(Phase.ENDED);
        }
      }
      // polled all the same: a lane may have to take up another connection
      default -> work += lane.poll(onRead);
    }
    return work;
  }

  private int issue() throws IOException {
    int issued = 0;
    boolean exhausted = false;
    if (fresh) {
      fresh = false;
      limit.restart();
    }
    while (heldCount > 0 || (limit.mayTake() && pace.hasRoom(lane) && !exhausted)) {
      if (heldCount == 0) {
        if (!plan.next(run, pace.chunkBytes())) {
          exhausted = true;
          break;
        }
        heldCount = run.pageCount();
      }
      final int region = space.regionOf(run.firstPage());
      final long length = heldCount * space.pageSizeBytes(region);
      final long offset = space.offsetBytes(region, run.firstPage());
      if (pace.tryRead(lane, region, offset, (int) length, clock.nanoTime()) < 0) {
        break;
      }
      limit.take(length);
      heldCount = 0;
      issued++;
    }
    if (issued > 0) {
      lane.flush();
    }
    if (exhausted && lane.readsInFlight() == 0) {
      // unless it is being ended this very moment
      phase.compareAndSet(Phase.READING, Phase.IDLE);
    }
    return issued;
  }

  private void giveBackHeld() {
    if (heldCount > 0) {
      plan.onLost(run.firstPage(), heldCount);
      heldCount = 0;
    }
  }

  private void onRead(
      final int region, final long offsetBytes, final int lengthBytes, final long slot) {
    pace.end((int) slot, lengthBytes, clock.nanoTime());
    plan.onRead(space.pageAt(region, offsetBytes), lengthBytes / space.pageSizeBytes(region));
  }
}
