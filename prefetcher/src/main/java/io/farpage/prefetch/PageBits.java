package io.farpage.prefetch;

import java.nio.ByteBuffer;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One bit for each page, off the heap, readable and writable by several threads without locks.
 *
 * <p>Bit {@code n & 63} of the 64-bit little-endian word {@code n / 64} belongs to page {@code n}.
 * Setting and clearing are atomic and have release semantics, reading has acquire semantics: what a
 * thread wrote before it set a bit is seen by a thread that finds the bit set.
 */
public final class PageBits {
  private final AtomicBuffer words;
  private final long pageCount;

  /**
   * Wraps memory that holds the bits.
   *
   * @param words at least {@link #lengthBytes(long)} bytes, aligned to 8; kept, not copied
   * @param pageCount number of pages, from 1 to 2^33
   */
  public PageBits(final AtomicBuffer words, final long pageCount) {
    if (words.capacity() < lengthBytes(pageCount)) {
      throw new IllegalArgumentException("too little memory for " + pageCount + " pages");
    }
    words.verifyAlignment();
    this.words = words;
    this.pageCount = pageCount;
  }

  /** Returns bits of their own, all clear, for a number of pages. */
  public static PageBits allocate(final long pageCount) {
    return new PageBits(
        new UnsafeBuffer(ByteBuffer.allocateDirect(lengthBytes(pageCount))), pageCount);
  }

  /** Returns the bytes that the bits of so many pages take: a multiple of 8. */
  public static int lengthBytes(final long pageCount) {
    return Math.toIntExact(((pageCount + 63) >> 6) << 3);
  }

  /** Returns the number of pages. */
  public long pageCount() {
    return pageCount;
  }

  /** Returns whether a page's bit is set. */
  public boolean get(final long page) {
    return (word(page >> 6) & (1L << page)) != 0;
  }

  /** Sets a page's bit; returns false when it was set already. */
  public boolean set(final long page) {
    return (getAndOr(page >> 6, 1L << page) & (1L << page)) == 0;
  }

  /** Clears a page's bit. */
  public void clear(final long page) {
    getAndClear(page >> 6, 1L << page);
  }

  /** Sets the bits of {@code count} pages from {@code first} on. */
  public void setRange(final long first, final long count) {
    for (long page = first, end = first + count; page < end; ) {
      final long mask = maskFrom(page, end);
      getAndOr(page >> 6, mask);
      page = (page | 63) + 1;
    }
  }

  /** Sets the bits that are set in another, equally long set. */
  public void setAll(final PageBits other) {
    for (long w = 0, n = wordCount(); w < n; w++) {
      getAndOr(w, other.word(w));
    }
  }

  /** Clears the bits of {@code count} pages from {@code first} on. */
  public void clearRange(final long first, final long count) {
    for (long page = first, end = first + count; page < end; ) {
      getAndClear(page >> 6, maskFrom(page, end));
      page = (page | 63) + 1;
    }
  }

  /** Clears the bits that are set in another, equally long set. */
  public void clearAll(final PageBits other) {
    for (long w = 0, n = wordCount(); w < n; w++) {
      getAndClear(w, other.word(w));
    }
  }

  /** Clears every bit. */
  public void clear() {
    for (long w = 0, n = wordCount(); w < n; w++) {
      getAndClear(w, -1L);
    }
  }

  /** Sets the bits that are set in one set and not in another. */
  public void setDifference(final PageBits minuend, final PageBits subtrahend) {
    for (long w = 0, n = wordCount(); w < n; w++) {
      getAndOr(w, minuend.word(w) & ~subtrahend.word(w));
    }
  }

  /** Sets the bits that are set in both of two sets. */
  public void setIntersection(final PageBits one, final PageBits other) {
    for (long w = 0, n = wordCount(); w < n; w++) {
      getAndOr(w, one.word(w) & other.word(w));
    }
  }

  /**
   * Returns the first page from {@code from} (inclusive) to {@code to} (exclusive) whose bit is
   * set, or -1.
   */
  public long nextSet(final long from, final long to) {
    for (long page = from; page < to; page = (page | 63) + 1) {
      final long set = word(page >> 6) & maskFrom(page, to);
      if (set != 0) {
        return (page & ~63L) + Long.numberOfTrailingZeros(set);
      }
    }
    return -1;
  }

  /** Returns the first page from {@code from} on whose bit is clear, at most {@code to}. */
  public long nextClear(final long from, final long to) {
    for (long page = from; page < to; page = (page | 63) + 1) {
      final long clear = ~word(page >> 6) & maskFrom(page, to);
      if (clear != 0) {
        return (page & ~63L) + Long.numberOfTrailingZeros(clear);
      }
    }
    return to;
  }

  /** Returns the number of bits that are set. */
  public long count() {
    long count = 0;
    for (long w = 0, n = wordCount(); w < n; w++) {
      count += Long.bitCount(word(w));
    }
    return count;
  }

  long wordCount() {
    return (pageCount + 63) >> 6;
  }

  long word(final long wordNumber) {
    return words.getLongVolatile(index(wordNumber));
  }

  void setWord(final long wordNumber, final long word) {
    words.putLongVolatile(index(wordNumber), word);
  }

  boolean compareAndSetWord(final long wordNumber, final long expected, final long update) {
    return words.compareAndSetLong(index(wordNumber), expected, update);
  }

  /** The bits of one word for the pages from {@code page} to the word's end, at most to end. */
  static long maskFrom(final long page, final long end) {
    final long mask = -1L << page;
    final long wordEnd = (page | 63) + 1;
    return wordEnd <= end ? mask : mask & (-1L >>> (wordEnd - end));
  }

  long getAndOr(final long wordNumber, final long mask) {
    final int index = index(wordNumber);
    long old;
    do {
      old = words.getLongVolatile(index);
      if ((old & mask) == mask) {
        return old;
      }
    } while (!words.compareAndSetLong(index, old, old | mask));
    return old;
  }

  void getAndClear(final long wordNumber, final long mask) {
    final int index = index(wordNumber);
    long old;
    do {
      old = words.getLongVolatile(index);
      if ((old & mask) == 0) {
        return;
      }
    } while (!words.compareAndSetLong(index, old, old & ~mask));
  }

  private static int index(final long wordNumber) {
    return (int) (wordNumber << 3);
  }
}
