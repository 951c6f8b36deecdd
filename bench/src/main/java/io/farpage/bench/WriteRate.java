package io.farpage.bench;

import io.farpage.guest.RunningWriter;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** How fast a guest writes over some time. */
final class WriteRate {
  private final RunningWriter writer;
  private final long begunNs = System.nanoTime();
  private final long begunSteps;

  private WriteRate(final RunningWriter writer) {
    this.writer = writer;
    begunSteps = writer.steps();
  }

  static WriteRate begin(final RunningWriter writer) {
    return new WriteRate(writer);
  }

  /** Returns pages a second since the beginning. */
  double end() {
    return (writer.steps() - begunSteps) * 1e9 / (System.nanoTime() - begunNs);
  }

  /** Waits until so much time has passed since the beginning, and returns pages a second. */
  double end(final Duration time) {
    final long end = begunNs + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    return end();
  }
}
