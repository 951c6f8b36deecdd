package io.farpage.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExtentsTest {
  private static final int REGIONS = 2;
  private static final int LENGTH = 64;

  @Test
  void rangesThatTouchAreOne() {
    final Extents extents = new Extents(1);
    extents.add(0, 10, 5);
    extents.add(0, 15, 5);
    extents.add(0, 30, 1);
    assertEquals(2, extents.count(0));
    assertEquals(10, extents.lengthBytes(0, 0));
    assertEquals(11, extents.totalBytes());
  }

  @Test
  void rangesMustComeInOrder() {
    final Extents extents = new Extents(1);
    extents.add(0, 10, 5);
    assertThrows(IllegalArgumentException.class, () -> extents.add(0, 12, 1));
    assertThrows(IllegalArgumentException.class, () -> extents.add(0, 20, 0));
    assertThrows(IllegalArgumentException.class, () -> extents.add(0, -1, 5));
  }

  /** Sums and differences are those of plain sets of bytes. */
  @Test
  void setArithmeticIsThatOfBits() {
    final Random random = new Random(42);
    for (int round = 0; round < 2000; round++) {
      final BitSet[] a = randomSets(random);
      final BitSet[] b = randomSets(random);
      final Extents difference = of(a).minus(of(b));
      final Extents sum = of(a).plus(of(b));
      for (int region = 0; region < REGIONS; region++) {
        final BitSet less = (BitSet) a[region].clone();
        less.andNot(b[region]);
        assertEquals(less, bits(difference, region), () -> a[0] + " minus " + b[0]);
        final BitSet more = (BitSet) a[region].clone();
        more.or(b[region]);
        assertEquals(more, bits(sum, region));
        requireApart(sum, region);
        requireApart(difference, region);
      }
    }
  }

  private static void requireApart(final Extents extents, final int region) {
    for (int i = 1; i < extents.count(region); i++) {
      assertTrue(extents.offsetBytes(region, i) > extents.endBytes(region, i - 1));
    }
  }

  private static BitSet[] randomSets(final Random random) {
    final BitSet[] sets = new BitSet[REGIONS];
    for (int region = 0; region < REGIONS; region++) {
      sets[region] = new BitSet();
      for (int i = random.nextInt(8); i > 0; i--) {
        final int from = random.nextInt(LENGTH);
        sets[region].set(from, Math.min(LENGTH, from + 1 + random.nextInt(12)));
      }
    }
    return sets;
  }

  private static Extents of(final BitSet[] sets) {
    final Extents extents = new Extents(REGIONS);
    for (int region = 0; region < REGIONS; region++) {
      for (int at = sets[region].nextSetBit(0); at >= 0; ) {
        final int end = sets[region].nextClearBit(at);
        extents.add(region, at, end - at);
        at = sets[region].nextSetBit(end);
      }
    }
    return extents;
  }

  private static BitSet bits(final Extents extents, final int region) {
    final BitSet bits = new BitSet();
    for (int i = 0; i < extents.count(region); i++) {
      bits.set((int) extents.offsetBytes(region, i), (int) extents.endBytes(region, i));
    }
    return bits;
  }
}
