package io.farpage.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;

/**
 * Frames over one connection. A frame is a four-byte big-endian payload length, a type byte, and
 * the payload.
 *
 * <p>One thread reads; any thread may send.
 */
public final class ControlChannel implements AutoCloseable {
  /** The longest payload accepted, in bytes. */
  public static final int MAX_PAYLOAD_BYTES = 1 << 20;

  /** Made with the first frame that has JSON: it takes a while, and a connection need not wait. */
  private static final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper();
  }

  private final PeerConnection connection;
  private final DataInputStream in;
  private final DataOutputStream out;

  /** Creates the channel on a connection whose prefaces have been exchanged. */
  public ControlChannel(final PeerConnection connection) throws IOException {
    this.connection = connection;
    in = new DataInputStream(new BufferedInputStream(connection.in(), 1 << 16));
    out = new DataOutputStream(connection.out());
  }

  /** Sends a frame without payload. */
  public void send(final FrameType type) throws IOException {
    send(type, new byte[0], 0);
  }

  /** Sends a frame whose payload is JSON. */
  public void send(final FrameType type, final Object value) throws IOException {
    final byte[] payload = Json.MAPPER.writeValueAsBytes(value);
    send(type, payload, payload.length);
  }

  /** Sends the first {@code length} bytes of an array. */
  public synchronized void send(final FrameType type, final byte[] payload, final int length)
      throws IOException {
    final byte[] frame = new byte[5 + length];
    frame[0] = (byte) (length >>> 24);
    frame[1] = (byte) (length >>> 16);
    frame[2] = (byte) (length >>> 8);
    frame[3] = (byte) length;
    frame[4] = (byte) type.ordinal();
    System.arraycopy(payload, 0, frame, 5, length);
    // in one piece: one packet, one TLS record
    out.write(frame);
    out.flush();
  }

  /**
   * Receives the next frame, waiting for it.
   *
   * @throws ProtocolException when the peer breaks the rules
   * @throws java.io.EOFException when the peer closed the connection
   */
  public Frame receive() throws IOException {
    final int length = in.readInt();
    if (length < 0 || length > MAX_PAYLOAD_BYTES) {
      throw new ProtocolException(
          "the peer sent a frame of "
              + Integer.toUnsignedString(length)
              + " bytes; at most "
              + MAX_PAYLOAD_BYTES
              + " are allowed");
    }
    final int type = in.readUnsignedByte();
    if (type >= FrameType.values().length) {
      throw new ProtocolException("the peer sent a frame of unknown type " + type);
    }
    final byte[] payload = new byte[length];
    in.readFully(payload);
    return new Frame(FrameType.values()[type], payload);
  }

  /** Reads a frame's payload as JSON of a given shape. */
  public static <T> T decode(final Frame frame, final Class<T> type) throws ProtocolException {
    try {
      final T value = Json.MAPPER.readValue(frame.payload(), type);
      if (value == null) {
        throw new ProtocolException("the peer sent a " + frame.type() + " frame that says nothing");
      }
      return value;
    } catch (final ProtocolException e) {
      throw e;
    } catch (final JsonProcessingException e) {
      throw new ProtocolException(
          "the peer sent a "
              + frame.type()
              + " frame that cannot be read: "
              + e.getOriginalMessage());
    } catch (final IOException e) {
      throw new ProtocolException("the peer sent a " + frame.type() + " frame without JSON");
    }
  }

  /** Reads a frame's payload as a JSON tree. */
  public static JsonNode decode(final Frame frame) throws ProtocolException {
    return decode(frame, JsonNode.class);
  }

  /** Returns this side's address. */
  public InetAddress localAddress() {
    return connection.localAddress();
  }

  /** Returns the peer's address. */
  public InetAddress peerAddress() {
    return connection.peerAddress();
  }

  /** Sets how long {@link #receive()} waits for the peer; 0 is for ever. */
  public void receiveTimeout(final int milliseconds) throws IOException {
    connection.readTimeout(milliseconds);
  }

  @Override
  public void close() {
    connection.close();
  }
}
