package io.farpage.transport;

/** Hears of reads that are done; called from {@link PageLane#poll} on the caller's thread. */
@FunctionalInterface
public interface ReadListener {
  /**
   * The bytes of one read are in place in local memory.
   *
   * @param region the region read
   * @param offsetBytes where the range starts in the region
   * @param lengthBytes the length of the range
   * @param cookie what the caller gave {@link PageLane#tryRead}
   */
  void onRead(int region, long offsetBytes, int lengthBytes, long cookie);
}
