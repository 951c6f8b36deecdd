package io.farpage.transport.tcp;

/** Hears what a {@link TcpPageServer} is about to send; called on its thread, must be quick. */
@FunctionalInterface
public interface ServeListener {
  /**
   * Called before the first byte of the range is read.
   *
   * @param region the region's index
   * @param offsetBytes where the range starts in the region
   * @param lengthBytes its length
   */
  void onServe(int region, long offsetBytes, int lengthBytes);
}
