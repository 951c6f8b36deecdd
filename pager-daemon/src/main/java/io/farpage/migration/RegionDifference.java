package io.farpage.migration;

import io.farpage.control.RegionInfo;
import java.util.List;

/** Tells the operator in what the RAM of the two sides differs. */
final class RegionDifference {
  private RegionDifference() {}

  /** Returns one line, or null when both sides have the same regions in the same order. */
  static String describe(final List<RegionInfo> source, final List<RegionInfo> destination) {
    for (final RegionInfo region : source) {
      final RegionInfo other = find(destination, region.id());
      if (other == null) {
        return "the destination has no RAM backend "
            + region
            + "; start both QEMUs with the same memory backends";
      }
      if (!other.equals(region)) {
        return "RAM backend '"
            + region.id()
            + "' differs: "
            + region
            + " on the source, "
            + other
            + " on the destination; start both QEMUs with the same memory backends";
      }
    }
    for (final RegionInfo region : destination) {
      if (find(source, region.id()) == null) {
        return "the source has no RAM backend "
            + region
            + "; start both QEMUs with the same memory backends";
      }
    }
    return source.equals(destination) ? null : "the RAM backends come in different orders";
  }

  private static RegionInfo find(final List<RegionInfo> regions, final String id) {
    return regions.stream().filter(r -> r.id().equals(id)).findFirst().orElse(null);
  }
}
