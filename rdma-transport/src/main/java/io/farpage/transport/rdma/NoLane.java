package io.farpage.transport.rdma;

import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;

/** The other lane of a lane that has none: nothing can be read over it. */
final class NoLane implements PageLane {
  @Override
  public boolean tryRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie) {
    return false;
  }

  @Override
  public int poll(final ReadListener listener) {
    return 0;
  }

  @Override
  public boolean hasRoom(final long lengthBytes) {
    return true;
  }

  @Override
  public int readsInFlight() {
    return 0;
  }

  @Override
  public long bytesInFlight() {
    return 0;
  }

  @Override
  public int readinessFd() {
    return -1;
  }

  @Override
  public void close() {}
}
