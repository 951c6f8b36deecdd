package io.farpage.prefetch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * How often, and how lately, the guest has written each page: one byte a page, off the heap.
 *
 * <p>The byte is a shift register of the last eight scans for written pages, the latest in its
 * highest bit. Read as a number from 0 (not written in eight scans) to 255 (written in each) it is
 * a frequency of writing in which each scan counts twice as much as the one before. This is the
 * page weight of dynamic page transfer reordering (Svärd, Tordsson, Hudzia, Elmroth, CloudCom
 * 2011): what is written often is transferred last.
 *
 * <p>Scans are applied by one thread. Others may read meanwhile, and may see a scan half applied:
 * heat is a hint. Nothing here allocates after construction.
 */
public final class PageHeat {
  // eight pages to a long, the first in its lowest byte
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final long LOW_SEVEN = 0x7f7f7f7f7f7f7f7fL;
  private static final long EACH_BYTE = 0x0101010101010101L;

  private final MutableDirectBuffer heat;

  /**
   * Creates the heat of pages that were never written.
   *
   * @param pageCount number of pages, from 1 to 2^31 - 64
   */
  public PageHeat(final long pageCount) {
    // whole words of PageBits, so that no page is treated on its own
    heat = new UnsafeBuffer(ByteBuffer.allocateDirect(Math.toIntExact((pageCount + 63) >> 6 << 6)));
  }

  /** Ages every page by one scan, in which these were found written. */
  public void onScan(final PageBits written) {
    for (long w = 0, n = written.wordCount(); w < n; w++) {
      final long bits = written.word(w);
      for (int shift = 0; shift < Long.SIZE; shift += 8) {
        final int index = index(w, shift);
        final long old = heat.getLong(index, ORDER);
        final long now = ((old >>> 1) & LOW_SEVEN) | spread((bits >>> shift) & 0xff);
        if (now != old) {
          heat.putLong(index, now, ORDER);
        }
      }
    }
  }

  /** Returns the heat of a page, from 0 to 255. */
  public int of(final long page) {
    return heat.getByte((int) page) & 0xff;
  }

  /** Sets the heat of a page, from 0 to 255, to what {@link #of} told another time. */
  public void set(final long page, final int value) {
    heat.putByte((int) page, (byte) value);
  }

  /** Returns in how many of the last eight scans a page was found written. */
  public int writtenScans(final long page) {
    return Integer.bitCount(of(page));
  }

  /**
   * Returns which of the 64 pages of a word of {@link PageBits} have at least some heat.
   *
   * @param threshold a power of two from 1 to 256; no page is as hot as 256
   */
  long atLeast(final long wordNumber, final int threshold) {
    final long wanted = (256 - threshold) * EACH_BYTE;
    long pages = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 8) {
      final long hot = heat.getLong(index(wordNumber, shift), ORDER) & wanted;
      if (hot != 0) {
        pages |= gather(((hot & LOW_SEVEN) + LOW_SEVEN) | hot) << shift;
      }
    }
    return pages;
  }

  /**
   * Returns which of the 64 pages of a word of {@link PageBits} were written in more than so many
   * of the last eight scans.
   */
  long writtenMoreThan(final long wordNumber, final int scans) {
    long pages = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 8) {
      final long each = heat.getLong(index(wordNumber, shift), ORDER);
      if (each != 0) {
        // a sum of seven bits has the eighth set when the count is large enough
        pages |= gather(bitCounts(each) + (0x7f - scans) * EACH_BYTE) << shift;
      }
    }
    return pages;
  }

  /** The number of bits set in each byte, in that byte. */
  private static long bitCounts(final long bytes) {
    final long pairs = bytes - ((bytes >>> 1) & 0x5555555555555555L);
    final long fours = (pairs & 0x3333333333333333L) + ((pairs >>> 2) & 0x3333333333333333L);
    return (fours + (fours >>> 4)) & 0x0f0f0f0f0f0f0f0fL;
  }

  /** Bit n of eight becomes the highest bit of byte n. */
  private static long spread(final long bits) {
    // byte n keeps only its bit n; adding 0x7f carries it, if set, into the highest
    return ((bits * EACH_BYTE & 0x8040201008040201L) + LOW_SEVEN) & HIGH_BITS;
  }

  /** The highest bit of byte n becomes bit n of eight. */
  private static long gather(final long bytes) {
    return ((bytes & HIGH_BITS) >>> 7) * 0x0102040810204080L >>> 56;
  }

  private static int index(final long wordNumber, final int shift) {
    return (int) (wordNumber << 6) + shift;
  }
}
