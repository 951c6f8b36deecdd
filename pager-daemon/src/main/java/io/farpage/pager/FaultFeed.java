package io.farpage.pager;

import io.farpage.prefetch.PrefetchPolicy;
import java.nio.ByteBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Tells the prefetch agent what the guest touched.
 *
 * <p>One writer, one reader, no locks. When the reader falls behind, faults are dropped: they are
 * hints. Allocates nothing after construction.
 */
final class FaultFeed {
  private static final int CAPACITY_BYTES = 64 * 1024;
  private static final int DEMAND = 1;
  private static final int TOUCH = 2;

  private final OneToOneRingBuffer ring =
      new OneToOneRingBuffer(
          new UnsafeBuffer(
              ByteBuffer.allocateDirect(CAPACITY_BYTES + RingBufferDescriptor.TRAILER_LENGTH)));
  private final MessageHandler handler;

  FaultFeed(final PrefetchPolicy reader, final BulkPace pace) {
    handler =
        (type, buffer, index, length) -> {
          if (type == DEMAND) {
            pace.onDemandFault();
            reader.onDemandFault(buffer.getLong(index));
          } else {
            reader.onTouch(buffer.getLong(index));
          }
        };
  }

  /** Tells of a page that the guest waits for and that nobody had asked for. */
  void publishDemand(final long page) {
    publish(DEMAND, page);
  }

  /** Tells of a page that the guest touched while it was in flight, or here and not mapped. */
  void publishTouch(final long page) {
    publish(TOUCH, page);
  }

  private void publish(final int type, final long page) {
    final int index = ring.tryClaim(type, Long.BYTES);
    if (index > 0) {
      ring.buffer().putLong(index, page);
      ring.commit(index);
    }
  }

  int read() {
    return ring.read(handler);
  }
}
