package io.farpage.pager;

import io.farpage.linux.EventFd;
import io.farpage.linux.PollSet;
import io.farpage.transport.PageLane;
import java.io.IOException;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.agrona.concurrent.IdleStrategy;

/**
 * Sleeps in {@code poll(2)} until one of an agent's descriptors is readable.
 *
 * <p>Where the guest and both daemons share few cores, a spinning agent takes the time away from
 * the very vCPU it serves.
 */
public final class WaitingIdleStrategy implements IdleStrategy, AutoCloseable {
  private final PollSet pollSet = new PollSet(3);
  private final EventFd wakeUp;
  private final PageLane lane;
  private final IntSupplier timeoutMs;
  private final LongSupplier spin;
  private boolean pollOnce;
  private long spinningSince;

  /**
   * Creates the strategy.
   *
   * @param eventsFd a descriptor to wait on besides the lane's, or -1
   * @param lane the agent's lane
   * @param timeoutMs the longest sleep, in milliseconds
   * @param spin for how many nanoseconds without work to poll on before sleeping
   * @throws IOException when the process has no descriptor left
   */
  public WaitingIdleStrategy(
      final int eventsFd, final PageLane lane, final IntSupplier timeoutMs, final LongSupplier spin)
      throws IOException {
    this.lane = lane;
    this.timeoutMs = timeoutMs;
    this.spin = spin;
    wakeUp = EventFd.create();
    pollSet.set(0, eventsFd);
    pollSet.set(1, lane.readinessFd());
    pollSet.set(2, wakeUp.fd());
  }

  /** Ends a sleep, from any thread. */
  public void wakeUp() {
    wakeUp.signal();
  }

  @Override
  public void idle(final int workCount) {
    if (workCount == 0) {
      idle();
    } else {
      reset();
    }
  }

  private boolean spins() {
    final long spinNs = spin.getAsLong();
    if (spinNs == 0) {
      return false;
    }
    final long now = System.nanoTime();
    if (spinningSince == 0) {
      spinningSince = now;
    }
    return now - spinningSince < spinNs;
  }

  @Override
  public void idle() {
    if (!pollOnce && spins()) {
      // who sends the page may need this very processor
      Thread.yield();
      return;
    }
    if (!pollOnce && lane.armReadiness()) {
      pollOnce = true;
      return;
    }
    pollOnce = false;
    if (pollSet.poll(timeoutMs.getAsInt()) > 0 && pollSet.isReadable(2)) {
      wakeUp.drain();
    }
  }

  @Override
  public void reset() {
    pollOnce = false;
    spinningSince = 0;
  }

  @Override
  public void close() {
    pollSet.close();
    wakeUp.close();
  }
}
