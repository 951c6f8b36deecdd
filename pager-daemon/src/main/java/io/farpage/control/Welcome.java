package io.farpage.control;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import java.util.Objects;

/**
 * The source's answer to {@link Hello}.
 *
 * @param farpage version of the program, for people
 * @param vmm name and version of the source's VMM, for people
 * @param migrationId names this migration in journals
 * @param sessionKey 32 hexadecimal digits that the lanes show
 * @param transport the transport to use
 * @param transportReason why it is not RDMA, for people; empty when it is
 * @param regions its guest RAM
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Welcome(
    String farpage,
    String vmm,
    String migrationId,
    String sessionKey,
    String transport,
    String transportReason,
    List<RegionInfo> regions) {

  /** Requires what this side needs. */
  public Welcome {
    Objects.requireNonNull(migrationId, "migrationId");
    Objects.requireNonNull(sessionKey, "sessionKey");
    Objects.requireNonNull(transport, "transport");
    regions = List.copyOf(regions);
  }
}
