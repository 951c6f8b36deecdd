package io.farpage.bench;

import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.io.IOException;

/** What an RDMA lane falls back to where only RDMA is measured: an error. */
final class NoLane implements PageLane {
  @Override
  public boolean tryRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie)
      throws IOException {
    throw new IOException("a page cannot be read with RDMA");
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
  public void close() {
    // nothing is open
  }
}
