package io.farpage.bench.simulation;

/**
 * The way to the source, as the simulation sees it: one demand path, and one bulk path that does
 * not hold it up. They share the bandwidth.
 *
 * @param roundTripNs there and back, for a read of either path
 * @param bytesPerSecond bandwidth
 * @param serviceNs what the pager needs for a read of either path, or for a fault, besides the way:
 *     events, requests, the mapping, and waking the guest
 * @param minChunkBytes the longest bulk read after a demand fault
 * @param maxChunkBytes the longest bulk read; it grows by the shortest with each read that no
 *     demand fault fell into, as CRIU's lazy-pages has it
 * @param maxInFlightBytes with so many bytes under way, or more than the length that a read may
 *     have now, no further bulk read is begun
 */
public record LinkModel(
    long roundTripNs,
    long bytesPerSecond,
    long serviceNs,
    long minChunkBytes,
    long maxChunkBytes,
    long maxInFlightBytes) {
  /** 30 µs, 800 MiB/s. */
  public static final LinkModel DEFAULT =
      new LinkModel(30_000, 800L << 20, 5_000, 64 << 10, 4 << 20, 1 << 20);

  long transferNs(final long bytes) {
    return Math.round(bytes * 1e9 / bytesPerSecond);
  }
}
