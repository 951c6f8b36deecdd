package io.farpage.guest;

import java.nio.ByteBuffer;

/**
 * The order in which one CPU of a {@link WriterGuest} walks through a set of pages: the Java side
 * of "cursor" in {@code writer.S}.
 *
 * @param firstPage linear page number of the first page
 * @param count how many pages
 * @param stride 0: pseudo-random
 * @param seed of the generator
 */
record WriterCursor(int firstPage, int count, int stride, int seed) {
  private static final int LCG_A = 1664525;

  /** What the guest had committed. */
  record State(int pass, int done, int x, int aux) {
    static State at(GuestMemory memory, long gpa) {
      return new State(
          memory.getInt(gpa),
          memory.getInt(gpa + 4),
          memory.getInt(gpa + 8),
          memory.getInt(gpa + 12));
    }

    long steps(WriterCursor cursor) {
      return Integer.toUnsignedLong(pass) * cursor.count + done;
    }
  }

  /** A walk through one pass. */
  final class Walk {
    private int x = x0();
    private int aux;

    private Walk(int pass) {
      aux = stride == 0 ? aux0() + 2 * pass : 0;
    }

    /** Index in the set of the page that comes next. */
    int next() {
      return stride == 0 ? nextRandom() : nextStride();
    }

    private int nextRandom() {
      while (true) {
        x = (x * LCG_A + aux) & mask();
        int index = x ^ (x >>> shift());
        if (index < count) {
          return index;
        }
      }
    }

    private int nextStride() {
      int index = x;
      x += stride;
      if (x >= count) {
        aux++;
        x = aux;
      }
      return index;
    }

    boolean isAt(State state) {
      return x == state.x && aux == state.aux;
    }
  }

  Walk walk(int pass) {
    return new Walk(pass);
  }

  void writeTo(ByteBuffer image) {
    image.putInt(firstPage).putInt(count).putInt(stride).putInt(mask()).putInt(shift());
    image.putInt(x0()).putInt(aux0()).putInt(0);
  }

  private int bits() {
    return 32 - Integer.numberOfLeadingZeros(Math.max(count, 1) - 1);
  }

  private int mask() {
    return (1 << bits()) - 1;
  }

  private int shift() {
    return (bits() + 1) / 2 + 1;
  }

  private int x0() {
    return stride == 0 ? seed & mask() : 0;
  }

  private int aux0() {
    return stride == 0 ? (seed >>> 8) | 1 : 0;
  }
}
