package io.farpage.transport;

/**
 * Where this process maps the regions that remote pages are read into or served from.
 *
 * <p>The mappings must outlive every lane and server that uses them. Immutable.
 */
public final class LocalMemory {
  private final long[] addresses;
  private final long[] lengthsBytes;

  /**
   * Describes mapped regions.
   *
   * @param addresses start address of each region's mapping
   * @param lengthsBytes length of each region
   */
  public LocalMemory(final long[] addresses, final long[] lengthsBytes) {
    if (addresses.length != lengthsBytes.length) {
      throw new IllegalArgumentException("each region needs an address and a length");
    }
    this.addresses = addresses.clone();
    this.lengthsBytes = lengthsBytes.clone();
  }

  /** Returns the number of regions. */
  public int regionCount() {
    return addresses.length;
  }

  /** Returns the length of a region in bytes. */
  public long lengthBytes(final int region) {
    return lengthsBytes[region];
  }

  /** Returns the address of a byte of a region. */
  public long address(final int region, final long offsetBytes) {
    return addresses[region] + offsetBytes;
  }

  /** Returns whether a range lies within a region. */
  public boolean contains(final int region, final long offsetBytes, final long lengthBytes) {
    return region >= 0
        && region < addresses.length
        && offsetBytes >= 0
        && lengthBytes > 0
        && lengthBytes <= lengthsBytes[region]
        && offsetBytes <= lengthsBytes[region] - lengthBytes;
  }
}
