package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One migration.
 *
 * @param downtimeMs from the source QEMU's STOP event to the destination QEMU's RESUME event, by
 *     QEMU's own timestamps
 * @param report the destination's report
 */
record Move(double downtimeMs, JsonNode report) {}
