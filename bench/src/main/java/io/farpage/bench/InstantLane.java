package io.farpage.bench;

import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;

/** A lane without a transport, for pages that are there already: one read, done at once. */
final class InstantLane implements PageLane {
  private int region;
  private long offsetBytes;
  private int lengthBytes;
  private long cookie;

  @Override
  public boolean tryRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie) {
    if (this.lengthBytes > 0) {
      return false;
    }
    this.region = region;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
    this.cookie = cookie;
    return true;
  }

  @Override
  public int poll(final ReadListener listener) {
    if (lengthBytes == 0) {
      return 0;
    }
    final int length = lengthBytes;
    lengthBytes = 0;
    listener.onRead(region, offsetBytes, length, cookie);
    return 1;
  }

  @Override
  public boolean hasRoom(final long wantedBytes) {
    return lengthBytes == 0;
  }

  @Override
  public int readsInFlight() {
    return lengthBytes == 0 ? 0 : 1;
  }

  @Override
  public long bytesInFlight() {
    return lengthBytes;
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
