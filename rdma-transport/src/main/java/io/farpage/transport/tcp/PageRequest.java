package io.farpage.transport.tcp;

/**
 * The layout of a request on the wire, in little-endian order.
 *
 * <pre>
 * 0   4  region
 * 4   4  length in bytes, 1 to {@link #MAX_LENGTH_BYTES}
 * 8   8  offset in the region, in bytes
 * </pre>
 */
public final class PageRequest {
  /** Length of a request. */
  public static final int LENGTH_BYTES = 16;

  /** The longest range that one request may ask for: a huge page of 1 GiB. */
  public static final int MAX_LENGTH_BYTES = 1 << 30;

  static final int REGION_OFFSET = 0;
  static final int LENGTH_OFFSET = 4;
  static final int OFFSET_OFFSET = 8;

  private PageRequest() {}
}
