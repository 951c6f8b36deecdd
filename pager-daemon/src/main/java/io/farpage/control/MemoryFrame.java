package io.farpage.control;

import io.farpage.transport.rdma.RemoteExtent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory that the source has registered for one-sided READs.
 *
 * <pre>
 *  0  4  session, big-endian like all here
 *  4  4  flags
 *  8 32  of each extent: region (4), remote key (4), offset, length, address (8 each)
 * </pre>
 *
 * @param session the RDMA session
 * @param flags {@link #END}, {@link #ENOUGH}, {@link #VERIFIED}, {@link #ALL}
 * @param extents what is registered
 */
public record MemoryFrame(int session, int flags, List<RemoteExtent> extents) {
  /** Nothing more comes for the moment: register it. */
  public static final int END = 1;

  /** There is enough of it to begin the migration. */
  public static final int ENOUGH = 2;

  /** The guest has stopped since, or before: it may be read at once. */
  public static final int VERIFIED = 4;

  /** This is all that will come: the source's process is not needed any more. */
  public static final int ALL = 8;

  /** The most extents that one frame takes. */
  public static final int MAX_EXTENTS = 16 * 1024;

  private static final int HEADER_BYTES = 8;
  private static final int EXTENT_BYTES = 32;

  /** Copies the list. */
  public MemoryFrame {
    extents = List.copyOf(extents);
  }

  /** Returns whether a flag is set. */
  public boolean is(final int flag) {
    return (flags & flag) != 0;
  }

  /** Encodes the frame's payload. */
  public byte[] encode() {
    final ByteBuffer buffer = ByteBuffer.allocate(HEADER_BYTES + EXTENT_BYTES * extents.size());
    buffer.putInt(session).putInt(flags);
    for (final RemoteExtent extent : extents) {
      buffer
          .putInt(extent.region())
          .putInt(extent.rkey())
          .putLong(extent.offsetBytes())
          .putLong(extent.lengthBytes())
          .putLong(extent.address());
    }
    return buffer.array();
  }

  /**
   * Decodes a payload.
   *
   * @throws ProtocolException when it is malformed
   */
  public static MemoryFrame decode(final byte[] payload) throws ProtocolException {
    if (payload.length < HEADER_BYTES || (payload.length - HEADER_BYTES) % EXTENT_BYTES != 0) {
      throw new ProtocolException("the peer sent a MEMORY frame of " + payload.length + " bytes");
    }
    final ByteBuffer buffer = ByteBuffer.wrap(payload);
    final int session = buffer.getInt();
    final int flags = buffer.getInt();
    final List<RemoteExtent> extents = new ArrayList<>();
    while (buffer.hasRemaining()) {
      final int region = buffer.getInt();
      final int rkey = buffer.getInt();
      extents.add(
          new RemoteExtent(region, buffer.getLong(), buffer.getLong(), buffer.getLong(), rkey));
    }
    return new MemoryFrame(session, flags, extents);
  }
}
