package io.farpage.control;

import io.farpage.transport.LocalMemory;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Where the source's RAM files hold data; all else are holes.
 *
 * <pre>
 * 0  4  region, big-endian like all here
 * 4  4  1 in the last frame of the last region, else 0
 * 8  16 offset and length of an extent in bytes, as often as the frame is long
 * </pre>
 *
 * <p>A fragmented guest has a million extents, so a frame keeps them in an array.
 */
public final class ExtentsFrame {
  /** The most extents that one frame takes. */
  public static final int MAX_EXTENTS = 32 * 1024;

  private static final int HEADER_BYTES = 8;
  private static final int EXTENT_BYTES = 16;

  private final int region;
  private final boolean last;
  private final long[] offsetsAndLengths;

  /**
   * Creates a frame.
   *
   * @param region the region's index
   * @param last whether this completes the list
   * @param offsetsAndLengths of each extent first the offset, then the length, in bytes
   */
  public ExtentsFrame(final int region, final boolean last, final long[] offsetsAndLengths) {
    this.region = region;
    this.last = last;
    this.offsetsAndLengths = offsetsAndLengths.clone();
  }

  /** Returns the region's index. */
  public int region() {
    return region;
  }

  /** Returns whether this completes the list. */
  public boolean last() {
    return last;
  }

  /** Returns the number of extents. */
  public int count() {
    return offsetsAndLengths.length / 2;
  }

  /** Returns where an extent starts, in bytes. */
  public long offsetBytes(final int index) {
    return offsetsAndLengths[2 * index];
  }

  /** Returns how long an extent is, in bytes. */
  public long lengthBytes(final int index) {
    return offsetsAndLengths[2 * index + 1];
  }

  /**
   * Checks that every extent lies within the guest's RAM.
   *
   * @throws ProtocolException when one does not
   */
  public void requireWithin(final LocalMemory memory) throws ProtocolException {
    for (int i = 0; i < count(); i++) {
      if (!memory.contains(region, offsetBytes(i), lengthBytes(i))) {
        throw new ProtocolException("the source names memory outside of the guest's RAM");
      }
    }
  }

  /** Encodes the frame's payload. */
  public byte[] encode() {
    final ByteBuffer buffer =
        ByteBuffer.allocate(HEADER_BYTES + Long.BYTES * offsetsAndLengths.length);
    buffer.putInt(region).putInt(last ? 1 : 0);
    buffer.asLongBuffer().put(offsetsAndLengths);
    return buffer.array();
  }

  /**
   * Decodes a payload.
   *
   * @throws ProtocolException when it is malformed
   */
  public static ExtentsFrame decode(final byte[] payload) throws ProtocolException {
    if (payload.length < HEADER_BYTES || (payload.length - HEADER_BYTES) % EXTENT_BYTES != 0) {
      throw new ProtocolException("the peer sent an EXTENTS frame of " + payload.length + " bytes");
    }
    final ByteBuffer buffer = ByteBuffer.wrap(payload);
    final int region = buffer.getInt();
    final boolean last = buffer.getInt() != 0;
    final long[] extents = new long[buffer.remaining() / Long.BYTES];
    buffer.asLongBuffer().get(extents);
    return new ExtentsFrame(region, last, extents);
  }

  @Override
  public String toString() {
    return "extents of region " + region + ": " + Arrays.toString(offsetsAndLengths);
  }
}
