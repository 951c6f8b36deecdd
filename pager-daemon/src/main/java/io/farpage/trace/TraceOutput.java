package io.farpage.trace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/** Writes the numbers of a trace file; see {@link FaultTraceFormat}. */
final class TraceOutput implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final int MAX_VARINT_BYTES = 10;

  private final WritableByteChannel channel;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  TraceOutput(final WritableByteChannel channel) {
    this.channel = channel;
  }

  void fixedLong(final long value) throws IOException {
    room(Long.BYTES);
    buffer.putLong(value);
  }

  void fixedInt(final int value) throws IOException {
    room(Integer.BYTES);
    buffer.putInt(value);
  }

  void oneByte(final int value) throws IOException {
    room(1);
    buffer.put((byte) value);
  }

  void bytes(final byte[] value) throws IOException {
    varint(value.length);
    room(value.length);
    buffer.put(value);
  }

  void varint(final long value) throws IOException {
    room(MAX_VARINT_BYTES);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      buffer.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    buffer.put((byte) rest);
  }

  void signedVarint(final long value) throws IOException {
    varint(value << 1 ^ value >> 63);
  }

  private void room(final int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
  }

  void flush() throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
