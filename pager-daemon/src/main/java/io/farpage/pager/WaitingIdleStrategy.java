package io.farpage.pager;

import io.farpage.linux.EventFd;
import io.farpage.linux.PollSet;
import io.farpage.transport.PageLane;
import java.io.IOException;
import org.agrona.concurrent.IdleStrategy;

/**
 * Sleeps in {@code poll(2)} until one of an agent's descriptors is readable.
 *
 * <p>Where the guest and both daemons share few cores, a spinning agent takes the time away from
 * the very vCPU it serves.
 */
final class WaitingIdleStrategy implements IdleStrategy, AutoCloseable {
  private final PollSet pollSet = new PollSet(3);
  private final EventFd wakeUp;
  private final PageLane lane;
  private final int timeoutMs;
  private boolean pollOnce;

  /**
   * Creates the strategy.
   *
   * @param eventsFd a descriptor to wait on besides the lane's, or -1
   * @param lane the agent's lane
   * @param timeoutMs the longest sleep
   */
  WaitingIdleStrategy(final int eventsFd, final PageLane lane, final int timeoutMs)
      throws IOException {
    this.lane = lane;
    this.timeoutMs = timeoutMs;
    wakeUp = EventFd.create();
    pollSet.set(0, eventsFd);
    pollSet.set(1, lane.readinessFd());
    pollSet.set(2, wakeUp.fd());
  }

  /** Ends a sleep, from any thread. */
  void wakeUp() {
    wakeUp.signal();
  }

  @Override
  public void idle(final int workCount) {
    if (workCount == 0) {
      idle();
    } else {
      pollOnce = false;
    }
  }

  @Override
  public void idle() {
    if (!pollOnce) {
      // once armed, one more look: what was done just before is not reported
      lane.armReadiness();
      pollOnce = true;
      return;
    }
    pollOnce = false;
    if (pollSet.poll(timeoutMs) > 0 && pollSet.isReadable(2)) {
      wakeUp.drain();
    }
  }

  @Override
  public void reset() {
    pollOnce = false;
  }

  @Override
  public void close() {
    pollSet.close();
    wakeUp.close();
  }
}
