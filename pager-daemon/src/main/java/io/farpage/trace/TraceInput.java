package io.farpage.trace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads the numbers of a trace file, and believes nothing; see {@link FaultTraceFormat}. */
final class TraceInput {
  private final String name;
  private final ByteBuffer bytes;

  TraceInput(final Path file, final byte[] content) {
    name = file.toString();
    bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
  }

  FaultTraceException damaged(final String how) {
    return new FaultTraceException(name + " is damaged: " + how + "; record it anew");
  }

  FaultTraceException foreign(final String why) {
    return new FaultTraceException(name + " is no fault trace" + why);
  }

  private FaultTraceException cut() {
    return new FaultTraceException(name + " is cut off; record it anew");
  }

  boolean isAtEnd() {
    return !bytes.hasRemaining();
  }

  long fixedLong() throws FaultTraceException {
    require(Long.BYTES);
    return bytes.getLong();
  }

  int fixedInt() throws FaultTraceException {
    require(Integer.BYTES);
    return bytes.getInt();
  }

  int oneByte() throws FaultTraceException {
    require(1);
    return bytes.get() & 0xff;
  }

  String text(final int maxBytes) throws FaultTraceException {
    final byte[] text = new byte[(int) varint(maxBytes, "a text")];
    require(text.length);
    bytes.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  /** Reads a number from 0 to a limit (inclusive). */
  long varint(final long max, final String what) throws FaultTraceException {
    final long value = varint();
    if (value < 0 || value > max) {
      throw damaged(what + " is " + Long.toUnsignedString(value));
    }
    return value;
  }

  long varint() throws FaultTraceException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      final int next = oneByte();
      value |= (long) (next & 0x7f) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw damaged("a number does not end");
  }

  long signedVarint() throws FaultTraceException {
    final long value = varint();
    return value >>> 1 ^ -(value & 1);
  }

  private void require(final int count) throws FaultTraceException {
    if (bytes.remaining() < count) {
      throw cut();
    }
  }
}
