package io.farpage.pager;

import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The pager's counters, off the heap, a cache line each.
 *
 * <p>Each writing thread has {@linkplain #ofWriter its own}; any thread may read, and reads the sum
 * of all.
 */
public final class PagerCounters {
  private static final int STRIDE = BitUtil.CACHE_LINE_LENGTH;
  private static final int WRITER_STRIDE = PagerCounter.values().length * STRIDE;

  private final UnsafeBuffer values;
  private final int base;

  /** Creates counters for one writing thread. */
  public PagerCounters() {
    this(1);
  }

  /**
   * Creates counters; these are those of the first writing thread.
   *
   * @param writers how many threads write
   */
  public PagerCounters(final int writers) {
    this(new UnsafeBuffer(ByteBuffer.allocateDirect(writers * WRITER_STRIDE)), 0);
  }

  private PagerCounters(final UnsafeBuffer values, final int base) {
    this.values = values;
    this.base = base;
  }

  /** Returns the counters of another writing thread, from 0 on. */
  PagerCounters ofWriter(final int writer) {
    return new PagerCounters(values, writer * WRITER_STRIDE);
  }

  /** Adds to a counter; only its one writer may call this. */
  public void add(final PagerCounter counter, final long amount) {
    final int index = base + counter.ordinal() * STRIDE;
    values.putLongRelease(index, values.getLong(index) + amount);
  }

  /** Returns a counter's value, over all writers. */
  public long get(final PagerCounter counter) {
    long sum = 0;
    for (int at = counter.ordinal() * STRIDE; at < values.capacity(); at += WRITER_STRIDE) {
      sum += values.getLongAcquire(at);
    }
    return sum;
  }
}
