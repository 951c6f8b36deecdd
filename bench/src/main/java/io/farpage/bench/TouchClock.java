package io.farpage.bench;

import io.farpage.guest.RunningWriter;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * How many ticks of a guest's time-stamp counter a microsecond has, by the host's clock.
 *
 * <p>Under TCG and KVM on x86 the guest's counter is the host's with an offset, and it stands still
 * while the guest is stopped.
 *
 * @param ticksPerMicro its rate
 */
record TouchClock(double ticksPerMicro) {
  /** Measures it while the guest runs and writes without a pause. */
  static TouchClock measure(final RunningWriter running, final Duration time) {
    final long beginTicks = running.lastTouchTicks();
    final long beginNs = System.nanoTime();
    for (long left = time.toNanos();
        left > 0;
        left = beginNs + time.toNanos() - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    final long ticks = running.lastTouchTicks() - beginTicks;
    final double rate = ticks * 1e3 / (System.nanoTime() - beginNs);
    if (!(rate > 0)) {
      throw new IllegalStateException("the guest's time-stamp counter stands still");
    }
    return new TouchClock(rate);
  }

  double micros(final double ticks) {
    return ticks / ticksPerMicro;
  }

  double ticks(final double micros) {
    return micros * ticksPerMicro;
  }
}
