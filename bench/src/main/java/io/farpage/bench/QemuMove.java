package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One migration by QEMU itself.
 *
 * @param complete whether it has ended; else it was cancelled, and the guest is where it was
 * @param downtimeMs as in {@link Move}; not a number when it has not ended
 * @param evictionMs from its start until the source was done
 * @param totalMs from its start until the destination was done too
 * @param info what {@code query-migrate} said last
 */
record QemuMove(
    boolean complete, double downtimeMs, double evictionMs, double totalMs, JsonNode info) {

  /** Returns a figure about the RAM, 0 when QEMU does not give it. */
  double ram(final String name) {
    return info.path("ram").path(name).asDouble();
  }

  /** Returns the bytes that were sent while the guest ran on the source. */
  double bytesBeforeStop() {
    return ram("precopy-bytes");
  }
}
