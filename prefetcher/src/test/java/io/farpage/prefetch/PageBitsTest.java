package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PageBitsTest {
  private static final int PAGES = 1000;

  private final Random random = new Random(7);

  @Test
  void rangesFollowABitSet() {
    final PageBits bits = PageBits.allocate(PAGES);
    final BitSet expected = new BitSet(PAGES);
    for (int i = 0; i < 2_000; i++) {
      final int first = random.nextInt(PAGES);
      final int count = random.nextInt(Math.min(130, PAGES - first + 1));
      if (random.nextBoolean()) {
        bits.setRange(first, count);
        expected.set(first, first + count);
      } else {
        bits.clearRange(first, count);
        expected.clear(first, first + count);
      }
      requireEqual(expected, bits);
    }
  }

  @Test
  void setsAreCombined() {
    final BitSet a = randomSet();
    final BitSet b = randomSet();
    final PageBits bits = of(a);
    bits.clearAll(of(b));
    final BitSet difference = (BitSet) a.clone();
    difference.andNot(b);
    requireEqual(difference, bits);

    final PageBits sum = of(b);
    sum.setDifference(of(a), of(b));
    final BitSet both = (BitSet) a.clone();
    both.or(b);
    requireEqual(both, sum);

    final PageBits common = of(b);
    common.setIntersection(of(a), of(b));
    requireEqual(b, common);
    common.clear();
    common.setIntersection(of(a), of(b));
    final BitSet intersection = (BitSet) a.clone();
    intersection.and(b);
    requireEqual(intersection, common);

    sum.clear();
    assertEquals(0, sum.count());
  }

  private BitSet randomSet() {
    final BitSet set = new BitSet(PAGES);
    random.ints(300, 0, PAGES).forEach(set::set);
    return set;
  }

  private static PageBits of(final BitSet set) {
    final PageBits bits = PageBits.allocate(PAGES);
    set.stream().forEach(bits::set);
    return bits;
  }

  private static void requireEqual(final BitSet expected, final PageBits bits) {
    assertEquals(expected.cardinality(), bits.count());
    long at = 0;
    while (at < PAGES) {
      final int set = expected.nextSetBit((int) at);
      assertEquals(set, bits.nextSet(at, PAGES));
      if (set < 0) {
        break;
      }
      at = bits.nextClear(set, PAGES);
      assertEquals(Math.min(PAGES, expected.nextClearBit(set)), at);
    }
    assertEquals(-1, bits.nextSet(5, 5));
    assertEquals(5, bits.nextClear(5, 5));
  }
}
