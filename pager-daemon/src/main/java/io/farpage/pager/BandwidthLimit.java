package io.farpage.pager;

import org.agrona.concurrent.NanoClock;

/**
 * A token bucket over bytes: the long-term rate never exceeds the limit, and unused time is worth
 * at most one burst. Used by one thread.
 */
public final class BandwidthLimit {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /**
   * So much time's worth may go out at once: coarse timers, and a processor that others use, must
   * not lose bandwidth.
   */
  private static final long BURST_NS = 100_000_000L;

  private final NanoClock clock;
  private final double nanosPerByte;

  // the time at which everything taken so far is paid for
  private long paidUntilNs;

  /**
   * Creates a limit.
   *
   * @param bytesPerSecond the rate, 0 for none
   * @param clock the time
   */
  public BandwidthLimit(final long bytesPerSecond, final NanoClock clock) {
    if (bytesPerSecond < 0) {
      throw new IllegalArgumentException("a bandwidth cannot be negative");
    }
    this.clock = clock;
    nanosPerByte = bytesPerSecond == 0 ? 0 : (double) NANOS_PER_SECOND / bytesPerSecond;
    paidUntilNs = clock.nanoTime();
  }

  /** Forgets the time that was not used: nobody wanted to read. */
  public void restart() {
    final long now = clock.nanoTime();
    if (paidUntilNs - now < 0) {
      paidUntilNs = now;
    }
  }

  /** Returns whether a read may start now. */
  public boolean mayTake() {
    return nanosPerByte == 0 || paidUntilNs - clock.nanoTime() <= 0;
  }

  /** Takes bytes that {@link #mayTake()} allowed. */
  public void take(final long bytes) {
    if (nanosPerByte != 0) {
      final long earliest = clock.nanoTime() - BURST_NS;
      if (paidUntilNs - earliest < 0) {
        paidUntilNs = earliest;
      }
      paidUntilNs += (long) (bytes * nanosPerByte);
    }
  }
}
