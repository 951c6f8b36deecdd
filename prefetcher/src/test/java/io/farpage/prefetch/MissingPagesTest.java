package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Against a model that is too simple to be wrong: a set of pages. */
class MissingPagesTest {
  @Property(tries = 500)
  void searchesAgreeWithASetOfPages(
      @ForAll @IntRange(min = 1, max = 300) final int pageCount, @ForAll final long seed) {
    final Random random = new Random(seed);
    final PageSpace space = new PageSpace(new long[] {pageCount * 4096L}, new long[] {4096});
    final PageMap map = new PageMap(PageBits.allocate(pageCount));
    final PageOrigins origins = new PageOrigins(pageCount);
    final MissingPages missing = new MissingPages(space, map, origins);
    final BitSet model = new BitSet(pageCount);
    final BitSet data = new BitSet(pageCount);
    for (int i = 0; i < 8; i++) {
      final int first = random.nextInt(pageCount);
      final int count = 1 + random.nextInt(pageCount - first);
      origins.addData(first, count);
      data.set(first, first + count);
    }
    model.or(data);
    int received = 0;
    for (int i = 0; i < pageCount / 2; i++) {
      final int page = random.nextInt(pageCount);
      if (map.claim(page)) {
        model.clear(page);
        if (random.nextBoolean()) {
          map.markReceived(page, 1);
          received += data.get(page) ? 1 : 0;
        }
      }
    }
    assertEquals(data.cardinality() - received, missing.notReceivedCount());
    assertEquals(data.cardinality() * 4096L, missing.dataBytes());
    assertEquals((data.cardinality() - received) * 4096L, missing.notReceivedBytes());
    for (int from = 0; from <= pageCount; from++) {
      final int to = from + random.nextInt(pageCount - from + 1);
      final int next = model.nextSetBit(from);
      assertEquals(next < 0 || next >= to ? -1 : next, missing.next(from, to));
      assertEquals(
          Math.max(from, Math.min(to, model.nextClearBit(from))), missing.runEnd(from, to));
      final int previous = to == 0 ? -1 : model.previousSetBit(to - 1);
      assertEquals(previous < from ? -1 : previous, missing.previous(from, to));
      final int clear = to == 0 ? -1 : model.previousClearBit(to - 1);
      assertEquals(Math.max(from, Math.min(to, clear + 1)), missing.runStart(to, from));
    }
  }

  @Property(tries = 100)
  void bytesAreCountedByThePageSizeOfEachRegion(
      @ForAll @IntRange(min = 1, max = 200) final int smallPages,
      @ForAll @IntRange(min = 1, max = 20) final int hugePages) {
    final long huge = 2L << 20;
    final PageSpace space =
        new PageSpace(new long[] {smallPages * 4096L, hugePages * huge}, new long[] {4096, huge});
    final PageMap map = new PageMap(PageBits.allocate(space.pageCount()));
    final PageOrigins origins = new PageOrigins(space.pageCount());
    final MissingPages missing = new MissingPages(space, map, origins);
    origins.addData(0, space.pageCount());
    assertEquals(smallPages * 4096L + hugePages * huge, missing.dataBytes());
    map.claim(smallPages);
    map.markReceived(smallPages, 1);
    assertEquals(smallPages * 4096L + (hugePages - 1) * huge, missing.notReceivedBytes());
  }
}
