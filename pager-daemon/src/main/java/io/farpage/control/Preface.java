package io.farpage.control;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The first bytes of every connection, in both directions. Its layout never changes, so that any
 * two versions can at least tell each other who they are.
 *
 * <pre>
 *  0  8  "FARPAGE" and a zero byte
 *  8  2  protocol version, big-endian
 * 10  1  what the connection is for, see {@link Purpose}
 * 11  1  zero
 * 12  4  zero
 * 16 16  session key, zeros on a control connection
 * </pre>
 *
 * @param version protocol version, 0 to 65535
 * @param purpose what the connection is for
 * @param key proves that a lane belongs to an authenticated session
 */
public record Preface(int version, Purpose purpose, byte[] key) {
  /** The version spoken here. */
  public static final int VERSION = 2;

  /** Length of a session key in bytes. */
  public static final int KEY_LENGTH = 16;

  private static final int LENGTH = 32;
  private static final byte[] MAGIC = {'F', 'A', 'R', 'P', 'A', 'G', 'E', 0};

  /** What a connection is for; the order is the number on the wire. */
  public enum Purpose {
    /** Frames: the session itself. */
    CONTROL,
    /** Pages that the guest waits for. */
    DEMAND_LANE,
    /** Pages fetched ahead. */
    BULK_LANE
  }

  /** Returns the preface of a control connection in this version. */
  public static Preface control() {
    return new Preface(VERSION, Purpose.CONTROL, new byte[KEY_LENGTH]);
  }

  /** Returns the preface's {@value #LENGTH} bytes. */
  public byte[] encode() {
    final ByteBuffer buffer = ByteBuffer.allocate(LENGTH);
    buffer.put(MAGIC).putShort((short) version).put((byte) purpose.ordinal());
    buffer.position(LENGTH - KEY_LENGTH).put(key);
    return buffer.array();
  }

  /** Writes the preface. */
  public void write(final OutputStream out) throws IOException {
    out.write(encode());
    out.flush();
  }

  /**
   * Reads the peer's preface.
   *
   * @throws ProtocolException when the peer is something else
   */
  public static Preface read(final InputStream in) throws IOException {
    final byte[] bytes = new byte[LENGTH];
    final DataInputStream data = new DataInputStream(in);
    try {
      data.readFully(bytes, 0, MAGIC.length);
      if (!Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
        throw new ProtocolException(whatElse(bytes));
      }
      data.readFully(bytes, MAGIC.length, LENGTH - MAGIC.length);
    } catch (final EOFException e) {
      throw new ProtocolException(
          "the peer closed the connection before it said who it is; if it has --tls-creds, this side"
              + " needs them too");
    }
    final ByteBuffer buffer = ByteBuffer.wrap(bytes, MAGIC.length, LENGTH - MAGIC.length);
    final int version = Short.toUnsignedInt(buffer.getShort());
    final int purpose = Byte.toUnsignedInt(buffer.get());
    if (purpose >= Purpose.values().length) {
      throw new ProtocolException("the peer wants a connection of unknown kind " + purpose);
    }
    return new Preface(
        version, Purpose.values()[purpose], Arrays.copyOfRange(bytes, LENGTH - KEY_LENGTH, LENGTH));
  }

  /** Fails with a message for the operator unless the peer speaks this version. */
  public void requireVersion(final String peer) throws ProtocolException {
    if (version != VERSION) {
      throw new ProtocolException(
          "the "
              + peer
              + " speaks protocol version "
              + version
              + ", this side "
              + VERSION
              + ": install the same Farpage version on both hosts");
    }
  }

  private static String whatElse(final byte[] bytes) {
    if (bytes[0] == 0x16 && bytes[1] == 3) {
      return "the peer speaks TLS and this side does not: give both sides --tls-creds DIR";
    }
    if (bytes[0] == 0x15 && bytes[1] == 3) {
      return "the peer expects TLS: give both sides --tls-creds DIR";
    }
    return "the peer is not Farpage";
  }
}
