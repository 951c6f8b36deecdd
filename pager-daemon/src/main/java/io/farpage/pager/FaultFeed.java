package io.farpage.pager;

import java.nio.ByteBuffer;
import java.util.function.LongConsumer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Tells the prefetch agent which pages the guest waited for.
 *
 * <p>One writer, one reader, no locks. When the reader falls behind, faults are dropped: they are
 * hints. Allocates nothing after construction.
 */
final class FaultFeed {
  private static final int CAPACITY_BYTES = 64 * 1024;
  private static final int FAULT = 1;

  private final OneToOneRingBuffer ring =
      new OneToOneRingBuffer(
          new UnsafeBuffer(
              ByteBuffer.allocateDirect(CAPACITY_BYTES + RingBufferDescriptor.TRAILER_LENGTH)));
  private final MessageHandler handler;

  FaultFeed(final LongConsumer reader) {
    handler = (type, buffer, index, length) -> reader.accept(buffer.getLong(index));
  }

  void publish(final long page) {
    final int index = ring.tryClaim(FAULT, Long.BYTES);
    if (index > 0) {
      ring.buffer().putLong(index, page);
      ring.commit(index);
    }
  }

  int read() {
    return ring.read(handler);
  }
}
