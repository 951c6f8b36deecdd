package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class PageSpaceTest {
  record Region(long pages, long pageSize) {}

  @Provide
  Arbitrary<List<Region>> regions() {
    return Combinators.combine(
            Arbitraries.longs().between(1, 3000), Arbitraries.of(4096L, 2L << 20, 1L << 30))
        .as(Region::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(6);
  }

  @Property(tries = 200)
  void aPageIsFoundAgainByItsRegionAndOffset(@ForAll("regions") final List<Region> regions) {
    final PageSpace space =
        new PageSpace(
            regions.stream().mapToLong(r -> r.pages() * r.pageSize()).toArray(),
            regions.stream().mapToLong(Region::pageSize).toArray());
    assertEquals(regions.stream().mapToLong(Region::pages).sum(), space.pageCount());
    assertEquals(regions.size(), space.regionCount());
    long page = 0;
    for (int region = 0; region < regions.size(); region++) {
      final long pageSize = regions.get(region).pageSize();
      assertEquals(page, space.firstPage(region));
      assertEquals(pageSize, space.pageSizeBytes(region));
      final long pages = regions.get(region).pages();
      for (final long index : new long[] {0, pages / 2, pages - 1}) {
        assertEquals(region, space.regionOf(page + index));
        assertEquals(index * pageSize, space.offsetBytes(region, page + index));
        assertEquals(page + index, space.pageAt(region, index * pageSize));
        assertEquals(page + index, space.pageAt(region, (index + 1) * pageSize - 1));
      }
      page += pages;
      assertEquals(page, space.endPage(region));
    }
  }

  @Test
  void atLeastOnePageFitsIntoAnyLength() {
    final PageSpace space = new PageSpace(new long[] {2L << 20}, new long[] {2L << 20});
    assertEquals(1, space.pagesIn(0, 4096));
    assertEquals(1, space.pagesIn(0, (4L << 20) - 1));
    assertEquals(2, space.pagesIn(0, 4L << 20));
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    refused(new long[0], new long[0]);
    refused(new long[] {4096}, new long[] {4096, 4096});
    refused(new long[] {4096}, new long[] {3000});
    refused(new long[] {5000}, new long[] {4096});
    refused(new long[] {0}, new long[] {4096});
    refused(new long[] {-4096}, new long[] {4096});
  }

  private static void refused(final long[] sizes, final long[] pageSizes) {
    assertThrows(IllegalArgumentException.class, () -> new PageSpace(sizes, pageSizes));
  }
}
