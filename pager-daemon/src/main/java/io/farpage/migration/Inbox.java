package io.farpage.migration;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The conductor's queue: any thread puts, the conductor takes. */
final class Inbox {
  private final LinkedBlockingQueue<Signal> queue = new LinkedBlockingQueue<>();

  void put(final Signal signal) {
    queue.add(signal);
  }

  /** Takes the next signal, or returns null after the time. */
  Signal poll(final long timeoutMs) throws InterruptedException {
    return queue.poll(timeoutMs, TimeUnit.MILLISECONDS);
  }
}
