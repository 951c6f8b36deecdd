package io.farpage.control;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import java.util.Objects;

/**
 * The destination's first frame.
 *
 * @param farpage version of the program, for people
 * @param vmm name and version of the destination's VMM, for people
 * @param transports the transports it can use, best first
 * @param transportReason why RDMA is not among them, for people; empty when it is
 * @param regions its guest RAM
 * @param lanes how many lanes it opens
 * @param resume the id of the migration to go on with; null for a new one
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Hello(
    String farpage,
    String vmm,
    List<String> transports,
    String transportReason,
    List<RegionInfo> regions,
    LaneCounts lanes,
    String resume) {
  /** Requires what this side needs. */
  public Hello {
    transports = List.copyOf(transports);
    regions = List.copyOf(regions);
    Objects.requireNonNull(lanes, "lanes");
  }
}
