package io.farpage.transport.rdma;

/**
 * A range that both sides have registered, so that a READ can move it.
 *
 * @param remote the source's side of it
 * @param lkey the key of this side's memory
 */
record ReadableExtent(RemoteExtent remote, int lkey) {
  /** Returns a part of the range. */
  ReadableExtent part(final long offsetBytes, final long endBytes) {
    return new ReadableExtent(
        new RemoteExtent(
            remote.region(),
            offsetBytes,
            endBytes - offsetBytes,
            remote.address() + offsetBytes - remote.offsetBytes(),
            remote.rkey()),
        lkey);
  }
}
