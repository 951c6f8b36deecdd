package io.farpage.vmm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What QEMU says about its migration ({@code query-migrate}). Numbers that QEMU does not give are
 * −1.
 *
 * @param status QEMU's status, such as {@code active} or {@code pre-switchover}; {@code none} when
 *     there has been no migration
 * @param totalTimeMs milliseconds since the start, or from start to end
 * @param downtimeMs milliseconds between the guest's stop and the end of the stream, once completed
 * @param setupTimeMs milliseconds before the first byte
 * @param errorDescription why it failed; empty when it did not, or QEMU does not say
 * @param blockedReasons why QEMU would refuse to migrate; empty when it would not
 * @param ram QEMU's {@code ram} object with its own member names; a missing node when there is none
 */
public record MigrationInfo(
    String status,
    long totalTimeMs,
    long downtimeMs,
    long setupTimeMs,
    String errorDescription,
    List<String> blockedReasons,
    JsonNode ram) {

  static MigrationInfo fromReply(JsonNode reply) {
    List<String> blocked = new ArrayList<>();
    reply.path("blocked-reasons").forEach(reason -> blocked.add(reason.asText()));
    return new MigrationInfo(
        reply.path("status").asText("none"),
        reply.path("total-time").asLong(-1),
        reply.path("downtime").asLong(-1),
        reply.path("setup-time").asLong(-1),
        reply.path("error-desc").asText(""),
        List.copyOf(blocked),
        reply.path("ram"));
  }

  /** Bytes that QEMU itself has sent: device state, and RAM that is in no shared file. */
  public long transferredBytes() {
    return ram.path("transferred").asLong(-1);
  }

  /** Whether nothing more will happen: {@code completed}, {@code failed} or {@code cancelled}. */
  public boolean isOver() {
    return status.equals("completed") || status.equals("failed") || status.equals("cancelled");
  }

  /**
   * Whether a migration is on its way, in whatever phase; false before the first and after the
   * last.
   */
  public boolean isUnderWay() {
    return !isOver() && !status.equals("none");
  }
}
