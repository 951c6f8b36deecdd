package io.farpage.control;

import io.farpage.prefetch.PageBits;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A part of a set of pages, by the numbers that both sides give them (see {@link
 * io.farpage.prefetch.PageSpace}); the parts without a page are not sent.
 *
 * <pre>
 * 0  8  first page, big-endian like all of the header
 * 8  4  number of pages that the part covers; 0 in a last frame that adds nothing
 * 12 4  flags: 1 last frame of the set, 2 runs instead of a bitmap, 4 doubtful
 * 16 8  in the last frame: how long the source took to find the set, in nanoseconds
 * 24 .. the bitmap, 64 pages in a little-endian word; or runs: how many pages are not in the set,
 *       how many follow that are, and so on, each in seven bits a byte with the lowest bits first
 * </pre>
 *
 * <p>Each part is sent in the shorter of the two forms: a set of few pages takes a few bytes, and
 * no set takes more than a bit for each page.
 */
public final class PageSetFrame {
  /** Pages that one frame covers at most: 1 GiB in pages of 4 KiB. */
  public static final int MAX_PAGES = 1 << 18;

  private static final int HEADER_BYTES = 24;
  private static final int LAST = 1;
  private static final int RUNS = 2;
  private static final int DOUBTFUL = 4;

  private final ByteBuffer payload;
  private final long firstPage;
  private final int pageCount;
  private final int flags;
  private final long elapsedNs;

  private PageSetFrame(final ByteBuffer payload) {
    this.payload = payload;
    firstPage = payload.getLong();
    pageCount = payload.getInt();
    flags = payload.getInt();
    elapsedNs = payload.getLong();
  }

  /**
   * Sends a whole set.
   *
   * @param elapsedNs how long it took to find it
   * @param doubtful whether the set is not to be trusted: any page may belong to it
   */
  public static void send(
      final ControlChannel control,
      final FrameType type,
      final PageBits pages,
      final long elapsedNs,
      final boolean doubtful)
      throws IOException {
    final long end = pages.pageCount();
    long page = pages.nextSet(0, end);
    while (page >= 0) {
      final long first = page & -MAX_PAGES;
      final int count = (int) Math.min(MAX_PAGES, end - first);
      final ByteBuffer body = encode(pages, first, count);
      control.send(type, body.array(), body.position());
      page = pages.nextSet(first + count, end);
    }
    final int ending = LAST | (doubtful ? DOUBTFUL : 0);
    final ByteBuffer last = header(HEADER_BYTES, 0, 0, ending, elapsedNs);
    control.send(type, last.array(), last.position());
  }

  private static ByteBuffer encode(final PageBits pages, final long first, final int count) {
    final int bitmapBytes = PageBits.lengthBytes(count);
    final ByteBuffer runs = header(HEADER_BYTES + bitmapBytes, first, count, RUNS, 0);
    try {
      putRuns(runs, pages, first, first + count);
      return runs;
    } catch (final BufferOverflowException e) {
      final ByteBuffer bitmap = header(HEADER_BYTES + bitmapBytes, first, count, 0, 0);
      bitmap.order(ByteOrder.LITTLE_ENDIAN);
      for (long page = first; page < first + count; page += Long.SIZE) {
        bitmap.putLong(wordAt(pages, page, first + count));
      }
      return bitmap;
    }
  }

  private static long wordAt(final PageBits pages, final long page, final long end) {
    final long limit = Math.min(page + Long.SIZE, end);
    long word = 0;
    long at = pages.nextSet(page, limit);
    while (at >= 0) {
      final long to = pages.nextClear(at, limit);
      word |= -1L >>> (Long.SIZE - (to - at)) << (at - page);
      at = pages.nextSet(to, limit);
    }
    return word;
  }

  private static void putRuns(
      final ByteBuffer out, final PageBits pages, final long first, final long end) {
    long at = first;
    long set = pages.nextSet(at, end);
    while (set >= 0) {
      final long clear = pages.nextClear(set, end);
      putVarint(out, (int) (set - at));
      putVarint(out, (int) (clear - set));
      at = clear;
      set = pages.nextSet(at, end);
    }
  }

  private static void putVarint(final ByteBuffer out, final int value) {
    int rest = value;
    while (rest >= 0x80) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  private static ByteBuffer header(
      final int capacity, final long first, final int count, final int flags, final long elapsed) {
    return ByteBuffer.allocate(capacity)
        .putLong(first)
        .putInt(count)
        .putInt(flags)
        .putLong(elapsed);
  }

  /**
   * Decodes a payload, as far as its header.
   *
   * @throws ProtocolException when it is malformed
   */
  public static PageSetFrame decode(final byte[] payload) throws ProtocolException {
    if (payload.length < HEADER_BYTES) {
      throw malformed();
    }
    return new PageSetFrame(ByteBuffer.wrap(payload));
  }

  /** Returns whether the set is complete with this frame. */
  public boolean last() {
    return (flags & LAST) != 0;
  }

  /** Returns whether any page may belong to the set. */
  public boolean doubtful() {
    return (flags & DOUBTFUL) != 0;
  }

  /** Returns how long the source took to find the set, in nanoseconds; of the last frame. */
  public long elapsedNs() {
    return elapsedNs;
  }

  /**
   * Adds the frame's pages to a set.
   *
   * @throws ProtocolException when the frame is malformed, or names a page that does not exist
   */
  public void addTo(final PageBits pages) throws ProtocolException {
    if (pageCount < 0
        || pageCount > MAX_PAGES
        || firstPage < 0
        || firstPage > pages.pageCount() - pageCount) {
      throw malformed();
    }
    final ByteBuffer body = payload.slice().order(ByteOrder.LITTLE_ENDIAN);
    if ((flags & RUNS) != 0) {
      addRuns(body, pages);
    } else {
      addBitmap(body, pages);
    }
  }

  private void addBitmap(final ByteBuffer body, final PageBits pages) throws ProtocolException {
    if (pageCount > 0 && body.remaining() != PageBits.lengthBytes(pageCount)) {
      throw malformed();
    }
    for (int at = 0; at < pageCount; at += Long.SIZE) {
      long word = body.getLong();
      while (word != 0) {
        final int bit = Long.numberOfTrailingZeros(word);
        final int length = Long.numberOfTrailingZeros(~(word >>> bit));
        if (at + bit + length > pageCount) {
          throw malformed();
        }
        pages.setRange(firstPage + at + bit, length);
        word &= bit + length == Long.SIZE ? 0 : -1L << (bit + length);
      }
    }
  }

  private void addRuns(final ByteBuffer body, final PageBits pages) throws ProtocolException {
    int at = 0;
    while (body.hasRemaining()) {
      at = advance(at, body);
      final int end = advance(at, body);
      pages.setRange(firstPage + at, end - at);
      at = end;
    }
  }

  private int advance(final int at, final ByteBuffer body) throws ProtocolException {
    int value = 0;
    for (int shift = 0; shift < 28 && body.hasRemaining(); shift += 7) {
      final byte next = body.get();
      value |= (next & 0x7f) << shift;
      if (next >= 0) {
        if (value > pageCount - at) {
          break;
        }
        return at + value;
      }
    }
    throw malformed();
  }

  private static ProtocolException malformed() {
    return new ProtocolException("the peer sent a malformed set of pages");
  }
}
