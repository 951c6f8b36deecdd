package io.farpage.bench;

import java.util.concurrent.locks.LockSupport;

/** The pauses of somebody who looks at something again and again, and shall not slow it down. */
final class LookPause {
  /** A look may take one tenth of the time at most. */
  private static final int SHARE = 9;

  private final long intervalNs;
  private long begunNs = System.nanoTime();

  /**
   * Begins with a look.
   *
   * @param intervalNs the shortest pause
   */
  LookPause(final long intervalNs) {
    this.intervalNs = intervalNs;
  }

  /** Ends a look, pauses, and begins the next one. */
  void pause() {
    LockSupport.parkNanos(Math.max(intervalNs, SHARE * (System.nanoTime() - begunNs)));
    begunNs = System.nanoTime();
  }
}
