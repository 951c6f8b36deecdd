package io.farpage.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/**
 * Something that QEMU told without being asked, such as {@code STOP}, {@code RESUME} or {@code
 * MIGRATION}.
 *
 * @param data the event's own members; an empty object when it has none
 * @param timestampMicros when QEMU emitted it: microseconds since the epoch by the host's wall
 *     clock; −1 when unknown
 */
public record QmpEvent(String name, JsonNode data, long timestampMicros) {

  static QmpEvent fromMessage(JsonNode message) {
    JsonNode data = message.path("data");
    JsonNode timestamp = message.path("timestamp");
    long seconds = timestamp.path("seconds").asLong(-1);
    return new QmpEvent(
        message.path("event").asText(),
        data.isMissingNode() ? JsonNodeFactory.instance.objectNode() : data,
        seconds < 0 ? -1 : seconds * 1_000_000 + timestamp.path("microseconds").asLong());
  }

  /** Whether this is {@code MIGRATION} with the given status, such as {@code pre-switchover}. */
  public boolean isMigrationStatus(String status) {
    return "MIGRATION".equals(name) && status.equals(data.path("status").asText());
  }
}
