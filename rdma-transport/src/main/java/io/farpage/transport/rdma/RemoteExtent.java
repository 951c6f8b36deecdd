package io.farpage.transport.rdma;

/**
 * A range of the source's RAM that can be read with one-sided READs.
 *
 * @param region the region's index
 * @param offsetBytes where the range starts in the region
 * @param lengthBytes its length, up to {@link RegistrationPlan#MAX_LENGTH_BYTES}
 * @param address its address on the source, as verbs know it
 * @param rkey the key that a READ has to show
 */
public record RemoteExtent(int region, long offsetBytes, long lengthBytes, long address, int rkey) {
  /** Returns where the range ends in the region. */
  public long endBytes() {
    return offsetBytes + lengthBytes;
  }
}
