package io.farpage.pager;

import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The pager's counters, off the heap, a cache line each.
 *
 * <p>Each counter has one writing thread; any thread may read.
 */
public final class PagerCounters {
  private static final int STRIDE = BitUtil.CACHE_LINE_LENGTH;

  private final UnsafeBuffer values =
      new UnsafeBuffer(ByteBuffer.allocateDirect(PagerCounter.values().length * STRIDE));

  /** Adds to a counter; only its one writer may call this. */
  public void add(final PagerCounter counter, final long amount) {
    final int index = counter.ordinal() * STRIDE;
    values.putLongRelease(index, values.getLong(index) + amount);
  }

  /** Returns a counter's value. */
  public long get(final PagerCounter counter) {
    return values.getLongAcquire(counter.ordinal() * STRIDE);
  }
}
