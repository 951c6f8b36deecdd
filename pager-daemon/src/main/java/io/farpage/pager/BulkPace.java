package io.farpage.pager;

import io.farpage.transport.PageLane;
import java.io.IOException;
import java.util.Arrays;

/**
 * How long a bulk read is, and how many bytes of them are in flight.
 *
 * <p>A page that the guest waits for shares the link, and the source's processor, with what is
 * fetched ahead. So reads are short while the guest waits for pages, and grow while it does not (as
 * CRIU's lazy-pages does); and no more is in flight than the link holds, plus one read that waits
 * for its turn. What the link holds is the product of bandwidth and delay, measured as BBR does
 * (Cardwell et al., ACM Queue 2016): the highest rate at which reads arrived lately, and the
 * shortest time that one took. The rate's maximum is taken over the last one to two periods of half
 * a second.
 *
 * <p>Used by one thread. Allocates nothing after construction.
 */
final class BulkPace {
  /** The most reads that can be in flight. */
  static final int SLOTS = 256;

  private static final long RATE_PERIOD_NS = 500_000_000L;

  /** What the threads of both ends may be late, without the link running dry. */
  private static final long SCHEDULING_NS = 250_000L;

  /**
   * A read that may become longer than the shortest occupies the link for no longer than this. Less
   * than what is added to the delay: otherwise too low a rate would never be found out.
   */
  private static final long LONGEST_READ_NS = 200_000L;

  private final long shortestBytes;
  private final long longestBytes;
  private long chunkBytes;

  private long deliveredBytes;
  private long deliveredNs;
  private long sentNs;
  private long shortestTimeNs = Long.MAX_VALUE;
  private double bytesPerNs;
  private double formerBytesPerNs;
  private long periodEndNs;

  // for each read in flight: what had been delivered, and when, and what had been sent until then
  private final long[] slotDeliveredBytes = new long[SLOTS];
  private final long[] slotDeliveredNs = new long[SLOTS];
  private final long[] slotFirstSentNs = new long[SLOTS];
  private final long[] slotSentNs = new long[SLOTS];
  private final int[] free = new int[SLOTS];
  private int freeCount = SLOTS;

  /**
   * Creates a pace that begins with the shortest reads.
   *
   * @param shortestBytes the length of a read while the guest waits for pages
   * @param longestBytes the length that reads grow to; the same for reads of one length
   */
  BulkPace(final long shortestBytes, final long longestBytes) {
    if (shortestBytes < 1 || longestBytes < shortestBytes) {
      throw new IllegalArgumentException("reads of " + shortestBytes + " to " + longestBytes);
    }
    this.shortestBytes = shortestBytes;
    this.longestBytes = longestBytes;
    chunkBytes = shortestBytes;
    Arrays.setAll(free, i -> i);
  }

  /** Returns how long the next read should be. */
  long chunkBytes() {
    return chunkBytes;
  }

  /** Returns how many bytes may be in flight for another read to begin. */
  long windowBytes() {
    return shortestTimeNs == Long.MAX_VALUE
        ? 3 * chunkBytes
        : (long) (rate() * (shortestTimeNs + SCHEDULING_NS));
  }

  /** Returns whether another read should be begun now. */
  boolean hasRoom(final PageLane lane) {
    return freeCount > 0
        && lane.hasRoom(chunkBytes)
        && (lane.readsInFlight() == 0 || lane.bytesInFlight() <= windowBytes());
  }

  /** The guest waits for a page: reads become short. */
  void onDemandFault() {
    chunkBytes = shortestBytes;
  }

  /**
   * Begins a read, for which there was {@linkplain #hasRoom room}, unless the lane does not take
   * it.
   *
   * @return its number until {@link #end}, which is its cookie too; -1 when it was not taken
   */
  int tryRead(
      final PageLane lane,
      final int region,
      final long offsetBytes,
      final int lengthBytes,
      final long nowNs)
      throws IOException {
    final int slot = begin(nowNs);
    if (lane.tryRead(region, offsetBytes, lengthBytes, slot)) {
      return slot;
    }
    cancel(slot);
    return -1;
  }

  /**
   * A read begins, for which there was {@linkplain #hasRoom room}.
   *
   * @return its number until {@link #end}, from 0 to {@link #SLOTS} - 1
   */
  int begin(final long nowNs) {
    if (freeCount == SLOTS) {
      // nothing was in flight: the time until now says nothing about the link
      deliveredNs = nowNs;
      sentNs = nowNs;
    }
    final int slot = free[--freeCount];
    slotDeliveredBytes[slot] = deliveredBytes;
    slotDeliveredNs[slot] = deliveredNs;
    slotFirstSentNs[slot] = sentNs;
    slotSentNs[slot] = nowNs;
    return slot;
  }

  /** A read that did not begin after all. */
  void cancel(final int slot) {
    free[freeCount++] = slot;
  }

  /** A read has arrived. */
  void end(final int slot, final long lengthBytes, final long nowNs) {
    free[freeCount++] = slot;
    deliveredBytes += lengthBytes;
    deliveredNs = nowNs;
    sentNs = slotSentNs[slot];
    shortestTimeNs = Math.min(shortestTimeNs, Math.max(1, nowNs - slotSentNs[slot]));
    final long sending = slotSentNs[slot] - slotFirstSentNs[slot];
    final long arriving = nowNs - slotDeliveredNs[slot];
    noteRate(
        (double) (deliveredBytes - slotDeliveredBytes[slot])
            / Math.max(1, Math.max(sending, arriving)),
        nowNs);
    grow();
  }

  private void noteRate(final double sample, final long nowNs) {
    if (nowNs - periodEndNs > 0 || periodEndNs == 0) {
      formerBytesPerNs = bytesPerNs;
      bytesPerNs = 0;
      periodEndNs = nowNs + RATE_PERIOD_NS;
    }
    bytesPerNs = Math.max(bytesPerNs, sample);
  }

  private double rate() {
    return Math.max(bytesPerNs, formerBytesPerNs);
  }

  private void grow() {
    final long bearable = Math.max(shortestBytes, (long) (rate() * LONGEST_READ_NS));
    chunkBytes = Math.min(Math.min(longestBytes, bearable), chunkBytes + shortestBytes);
  }
}
