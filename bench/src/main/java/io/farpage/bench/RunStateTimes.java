package io.farpage.bench;

import io.farpage.qmp.QmpEvent;
import io.farpage.qmp.QmpEventListener;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** When a guest last stopped and last resumed, by its QEMU's own timestamps. */
final class RunStateTimes implements QmpEventListener {
  private long stopMicros = -1;
  private long resumeMicros = -1;

  @Override
  public synchronized void onEvent(final QmpEvent event) {
    switch (event.name()) {
      case "STOP" -> stopMicros = event.timestampMicros();
      case "RESUME" -> resumeMicros = event.timestampMicros();
      default -> {
        return; // another event
      }
    }
    notifyAll();
  }

  /** The present, on the same clock. */
  static long nowMicros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  synchronized long stopMicros() {
    return stopMicros;
  }

  /** Waits until the guest has resumed for the first time. */
  synchronized long awaitResumeMicros(final long timeoutMs) {
    final long deadline = System.nanoTime() + timeoutMs * 1_000_000;
    while (resumeMicros < 0) {
      final long leftMs = (deadline - System.nanoTime()) / 1_000_000;
      if (leftMs <= 0) {
        throw new IllegalStateException("the guest did not resume");
      }
      try {
        wait(leftMs);
      } catch (final InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }
    return resumeMicros;
  }
}
