package io.farpage.migration;

import io.farpage.pager.PagerCounter;
import io.farpage.pager.PagerCounters;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageOrigins;

/** Turns the pager's counters into progress, at most so often. */
final class ProgressMeter {
  private static final long INTERVAL_NS = 100_000_000L;

  private final MigrationListener listener;
  private final PagerCounters counters;
  private final MissingPages missing;
  private final PageOrigins origins;
  private long lastNs;
  private long lastBytes;

  ProgressMeter(
      final MigrationListener listener,
      final PagerCounters counters,
      final MissingPages missing,
      final PageOrigins origins) {
    this.listener = listener;
    this.counters = counters;
    this.missing = missing;
    this.origins = origins;
  }

  /** Tells the listener, unless it has just been told. */
  void tellIfDue() {
    if (System.nanoTime() - lastNs >= INTERVAL_NS) {
      tell();
    }
  }

  /** Tells the listener. */
  void tell() {
    final long now = System.nanoTime();
    final long bytes =
        counters.get(PagerCounter.DEMAND_BYTES) + counters.get(PagerCounter.PREFETCHED_BYTES);
    final long rate = lastNs == 0 ? 0 : (bytes - lastBytes) * 1_000_000_000L / (now - lastNs + 1);
    lastNs = now;
    lastBytes = bytes;
    listener.onProgress(
        new Progress(
            origins.isComplete() ? missing.dataBytes() : -1,
            missing.notReceivedBytes(),
            counters.get(PagerCounter.DEMAND_FAULTS),
            counters.get(PagerCounter.PREFETCHED_PAGES),
            rate));
  }
}
