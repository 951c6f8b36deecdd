package io.farpage.transport;

import java.io.IOException;

/**
 * A queue of one-sided reads from a source's memory into the local mapping of the same region.
 *
 * <p>Used by one thread only. {@link #tryRead} and {@link #poll} neither block nor allocate; the
 * caller polls, nothing is called back from another thread. Reads are done in any order.
 */
public interface PageLane extends AutoCloseable {
  /**
   * Starts a read.
   *
   * @param region the region's index
   * @param offsetBytes where the range starts in the region
   * @param lengthBytes its length, at least 1
   * @param cookie handed to the listener when the bytes are in place
   * @return false when as much is in flight as the lane allows: poll, then try again
   * @throws IOException when the lane is broken; nothing that was in flight will be done
   */
  boolean tryRead(int region, long offsetBytes, int lengthBytes, long cookie) throws IOException;

  /**
   * Sends what {@link #tryRead} has collected; {@link #poll} does so too. Called when no further
   * read follows at once.
   *
   * @throws IOException when the lane is broken; nothing that was in flight will be done
   */
  default void flush() throws IOException {}

  /**
   * Reports the reads that are done.
   *
   * @return how much happened: 0 when nothing moved
   * @throws IOException when the lane is broken; nothing that was in flight will be done
   */
  int poll(ReadListener listener) throws IOException;

  /** Returns whether a read of so many bytes would find room now. */
  boolean hasRoom(long lengthBytes);

  /** Returns the number of reads in flight. */
  int readsInFlight();

  /** Returns the number of bytes in flight. */
  long bytesInFlight();

  /**
   * Returns a descriptor that is readable when {@link #poll} may find something, to wait on, or -1
   * when the lane must be polled.
   */
  int readinessFd();

  /**
   * Makes the descriptor report what is done from now on; called before each wait.
   *
   * @return true when what was done before the call may go unreported: poll once more, then wait
   */
  default boolean armReadiness() {
    return false;
  }

  /**
   * Returns for how many nanoseconds without any work it pays to poll on before waiting: 0 when
   * nothing in flight is likely to be done within the time that a wake-up takes.
   */
  default long spinNs() {
    return 0;
  }

  @Override
  void close();
}
