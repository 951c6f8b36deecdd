package io.farpage.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** What a guest does over time, looked at every 10 ms before, while and after it is moved. */
final class WorkTimeline implements MoveObserver, AutoCloseable {
  private static final long INTERVAL_NS = 10_000_000;
  private static final long TIMEOUT_MS = 20_000;

  /** So long it is looked at before anything begins. */
  private static final long BEFORE_NS = 300_000_000;

  /** So long after it resumed. */
  private static final long AFTER_MICROS = 1_200_000;

  private final WorkCounter counter;
  private final List<Progress.Sample> samples = new ArrayList<>();
  private final Thread sampler = new Thread(this::sample, "work-timeline");
  private RunStateTimes times;
  private volatile boolean ended;

  WorkTimeline(final WorkCounter counter) {
    this.counter = counter;
    sampler.setDaemon(true);
  }

  @Override
  public void onBegin(final GuestSide from, final GuestSide to) throws IOException {
    counter.onBegin(from, to);
    times = to.times();
    sampler.start();
    LockSupport.parkNanos(BEFORE_NS);
  }

  private void sample() {
    final LookPause look = new LookPause(INTERVAL_NS);
    while (!ended) {
      samples.add(new Progress.Sample(RunStateTimes.nowMicros(), counter.work()));
      look.pause();
    }
  }

  @Override
  public void onEnd(final GuestSide from) throws IOException {
    counter.onEnd(from);
  }

  /** Waits until the guest has run long enough, and returns what was seen. */
  Progress progress() throws IOException {
    final long resume = times.awaitResumeMicros(TIMEOUT_MS);
    for (long left = resume + AFTER_MICROS - RunStateTimes.nowMicros();
        left > 0;
        left = resume + AFTER_MICROS - RunStateTimes.nowMicros()) {
      LockSupport.parkNanos(left * 1000);
    }
    close();
    return Progress.of(resume, samples);
  }

  @Override
  public void close() throws IOException {
    ended = true;
    try {
      sampler.join();
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    counter.close();
  }
}
