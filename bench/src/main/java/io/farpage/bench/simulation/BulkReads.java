package io.farpage.bench.simulation;

import java.util.ArrayDeque;
import java.util.Deque;

/** The bulk path: reads that are under way, in order, and how long the next one may be. */
final class BulkReads {
  /** As many as a lane has requests for. */
  private static final int MAX_READS = 16;

  /** One read: consecutive pages, a marker or -1, and when it will have come. */
  record Read(long first, long count, long marker, long bytes, long doneNs) {
    long end() {
      return first + count;
    }
  }

  private final LinkModel link;
  private final Deque<Read> underWay = new ArrayDeque<>();
  private long chunkBytes;
  private long bytesUnderWay;
  private long freeNs;
  private boolean faulted;

  BulkReads(final LinkModel link) {
    this.link = link;
    chunkBytes = link.minChunkBytes();
  }

  long chunkBytes() {
    return chunkBytes;
  }

  /** A demand read goes first, and takes its time from the reads that are yet to come. */
  void onDemandRead(final long bytes) {
    freeNs += link.transferNs(bytes);
    chunkBytes = link.minChunkBytes();
    faulted = true;
  }

  boolean hasRoom() {
    return underWay.isEmpty()
        || underWay.size() < MAX_READS
            && bytesUnderWay <= chunkBytes
            && bytesUnderWay < link.maxInFlightBytes();
  }

  void issue(
      final long first, final long count, final long marker, final long bytes, final long nowNs) {
    freeNs =
        Math.max(freeNs, nowNs + link.roundTripNs()) + link.serviceNs() + link.transferNs(bytes);
    underWay.add(new Read(first, count, marker, bytes, freeNs));
    bytesUnderWay += bytes;
  }

  /** Returns the read that comes next, or null. */
  Read next() {
    return underWay.peek();
  }

  /** Takes the read that has come. */
  Read take() {
    final Read read = underWay.remove();
    bytesUnderWay -= read.bytes();
    if (!faulted) {
      chunkBytes = Math.min(link.maxChunkBytes(), chunkBytes + link.minChunkBytes());
    }
    faulted = false;
    return read;
  }

  /** Returns when a page that is under way will have come. */
  long doneNs(final long page) {
    for (final Read read : underWay) {
      if (page >= read.first() && page < read.end()) {
        return read.doneNs();
      }
    }
    throw new IllegalStateException("page " + page + " is claimed and not under way");
  }
}
