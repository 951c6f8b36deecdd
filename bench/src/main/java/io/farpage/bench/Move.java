package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * One migration.
 *
 * @param downtimeMs from the source QEMU's STOP event to the destination QEMU's RESUME event, by
 *     QEMU's own timestamps
 * @param report the destination's report
 * @param events what the destination's daemon printed: one JSON object a line
 */
record Move(double downtimeMs, JsonNode report, List<String> events) {
  /** Returns a figure of the report. */
  double figure(final String... path) {
    JsonNode node = report;
    for (final String name : path) {
      node = node.path(name);
    }
    if (!node.isNumber()) {
      throw new IllegalArgumentException(
          "no " + String.join(".", path) + " in the report: " + report);
    }
    return node.asDouble();
  }
}
