package io.farpage.migration;

/**
 * Keeps the heap so clean that nothing is collected while a guest waits for pages.
 *
 * <p>A collection takes a good part of a second on a busy machine. Between the last scan of a
 * warm-up and the stop of the guest that is time in which the guest writes to what has been read.
 */
final class CleanHeap {
  private static final long NEGLIGIBLE_BYTES = 16 << 20;

  private long cleanBytes;

  /** Collects what can be. */
  void collect() {
    System.gc();
    cleanBytes = usedBytes();
  }

  /** Collects again if more than a little was allocated since. */
  void collectUnlessClean() {
    if (usedBytes() - cleanBytes > NEGLIGIBLE_BYTES) {
      collect();
    }
  }

  private static long usedBytes() {
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
