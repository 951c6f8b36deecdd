package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.control.RegionInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegionDifferenceTest {
  private static final RegionInfo A = new RegionInfo("a", 1 << 20, 4096);
  private static final RegionInfo B = new RegionInfo("b", 2 << 20, 4096);

  @Test
  void equalSidesDoNotDiffer() {
    assertNull(RegionDifference.describe(List.of(A, B), List.of(A, B)));
  }

  @Test
  void aMissingRegionIsNamedWithTheSideThatLacksIt() {
    differs(List.of(A, B), List.of(A), "the destination has no RAM backend 'b'");
    differs(List.of(A), List.of(A, B), "the source has no RAM backend 'b'");
    differs(List.of(), List.of(A), "the source has no RAM backend 'a'");
  }

  @Test
  void sizesAndPageSizesAreNamedOfBothSides() {
    differs(List.of(A), List.of(new RegionInfo("a", 2 << 20, 4096)), "1048576", "2097152");
    differs(
        List.of(new RegionInfo("a", 2 << 20, 4096)),
        List.of(new RegionInfo("a", 2 << 20, 2 << 20)),
        "pages of 4096 on the source",
        "pages of 2097152 on the destination");
  }

  @Test
  void anotherOrderIsADifference() {
    differs(List.of(A, B), List.of(B, A), "order");
  }

  private static void differs(
      final List<RegionInfo> source, final List<RegionInfo> destination, final String... words) {
    final String message = RegionDifference.describe(source, destination);
    for (final String word : words) {
      assertTrue(message.contains(word), message);
    }
  }
}
