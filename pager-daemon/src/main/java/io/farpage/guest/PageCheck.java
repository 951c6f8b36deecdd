package io.farpage.guest;

import java.nio.ByteBuffer;

/** Compares one page of a {@link WriterGuest} and says in words what is wrong with it. */
final class PageCheck {
  private static final int DWORDS = 1024;
  private static final int FILL_PAGE_INVERSE = inverse(WriterImage.FILL_PAGE);

  private final WriterGuest guest;

  PageCheck(WriterGuest guest) {
    this.guest = guest;
  }

  /** Null when every byte is right. */
  String compare(int page, ByteBuffer memory, int offset, int counter, boolean mayBeAhead) {
    int counterIndex = WriterImage.counterIndex(page);
    int difference = fillDifference(page, memory, offset, counterIndex);
    if (difference != 0) {
      return describe(page, memory, offset, counterIndex);
    }
    int found = memory.getInt(offset + 4 * counterIndex);
    if (found == counter || (mayBeAhead && found == counter + 1)) {
      return null;
    }
    long lost = Integer.toUnsignedLong(counter) - Integer.toUnsignedLong(found);
    return String.format(
        "counter is %s, the guest wrote %s: %s",
        Integer.toUnsignedString(found),
        Integer.toUnsignedString(counter),
        lost == 1 ? "1 write lost" : lost > 0 ? lost + " writes lost" : -lost + " too many");
  }

  private int fillDifference(int page, ByteBuffer memory, int offset, int counterIndex) {
    int difference = 0;
    for (int i = 0; i < DWORDS; i++) {
      int found = memory.getInt(offset + 4 * i);
      difference |= i == counterIndex ? 0 : found ^ WriterImage.fill(page, i, guest.seed());
    }
    return difference;
  }

  private String describe(int page, ByteBuffer memory, int offset, int counterIndex) {
    int wrongBytes = 0;
    int firstWrong = -1;
    boolean zero = true;
    for (int i = 0; i < 4 * DWORDS; i++) {
      byte found = memory.get(offset + i);
      zero &= found == 0;
      int want = WriterImage.fill(page, i >> 2, guest.seed()) >>> (8 * (i & 3));
      if (i >> 2 != counterIndex && found != (byte) want) {
        wrongBytes++;
        firstWrong = firstWrong < 0 ? i : firstWrong;
      }
    }
    if (zero) {
      return "is all zeros";
    }
    int other = pageOf(memory, offset);
    if (other != page
        && fillDifference(other, memory, offset, WriterImage.counterIndex(other)) == 0) {
      return String.format("holds the content of page 0x%x", guest.gpa(other) >>> 12);
    }
    int want = WriterImage.fill(page, firstWrong >> 2, guest.seed());
    return String.format(
        "%d bytes differ, the first at offset 0x%x: is 0x%02x, must be 0x%02x",
        wrongBytes,
        firstWrong,
        memory.get(offset + firstWrong),
        (want >>> (8 * (firstWrong & 3))) & 0xff);
  }

  /** The page that a filled page was filled for: dwords 0 and 1 are not both a counter. */
  private int pageOf(ByteBuffer memory, int offset) {
    for (int i = 0; i < 2; i++) {
      int base = memory.getInt(offset + 4 * i) - i * WriterImage.FILL_STEP;
      int page = (base ^ guest.seed()) * FILL_PAGE_INVERSE;
      if (WriterImage.counterIndex(page) != i
          && page >= guest.firstPage()
          && page < guest.firstPage() + guest.pageCount()) {
        return page;
      }
    }
    return guest.firstPage();
  }

  private static int inverse(int odd) {
    int result = odd;
    for (int i = 0; i < 5; i++) {
      result *= 2 - odd * result;
    }
    return result;
  }
}
