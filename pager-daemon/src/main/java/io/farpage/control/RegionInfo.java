package io.farpage.control;

import io.farpage.vmm.RamRegion;
import java.util.List;
import java.util.Objects;

/**
 * What both sides must agree on about a region of guest RAM.
 *
 * @param id the VMM's name for it
 * @param sizeBytes its size
 * @param pageSizeBytes the size of its pages
 */
public record RegionInfo(String id, long sizeBytes, long pageSizeBytes) {
  /** Requires a name. */
  public RegionInfo {
    Objects.requireNonNull(id, "id");
  }

  /** Describes the regions of a VMM. */
  public static List<RegionInfo> of(final List<RamRegion> regions) {
    return regions.stream()
        .map(r -> new RegionInfo(r.id(), r.sizeBytes(), r.pageSizeBytes()))
        .toList();
  }

  @Override
  public String toString() {
    return "'" + id + "' of " + sizeBytes + " bytes in pages of " + pageSizeBytes;
  }
}
