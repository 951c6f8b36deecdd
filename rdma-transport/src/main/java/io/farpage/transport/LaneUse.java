package io.farpage.transport;

import io.farpage.linux.ThreadScheduling;

/** What a lane is for, and how the threads that work on it are scheduled. */
public enum LaneUse {
  /** Pages that the guest waits for: who works on them is not kept waiting for a processor. */
  DEMAND,
  /** Pages that it may want later: who works on them lets others go first. */
  BULK;

  /** An answer takes some ten microseconds. */
  private static final long SLICE_NS = 100_000;

  /**
   * Schedules the calling thread for this use.
   *
   * <p>A kernel that cannot do so goes on as it was: the only difference is latency.
   */
  public void scheduleThread() {
    if (this == DEMAND) {
      ThreadScheduling.shortSlices(SLICE_NS);
    } else {
      ThreadScheduling.runBehind();
    }
  }
}
