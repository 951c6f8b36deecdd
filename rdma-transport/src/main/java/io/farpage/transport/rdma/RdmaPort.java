package io.farpage.transport.rdma;

import java.util.List;

/**
 * A port of a device. Texts are the kernel's; empty when unknown.
 *
 * @param number from 1
 * @param state {@code ACTIVE}, {@code DOWN}, {@code INIT}, {@code ARMED}
 * @param physicalState {@code LinkUp}, {@code Disabled}, {@code Polling}…
 * @param rate for example {@code 100 Gb/sec (4X EDR)}
 * @param linkLayer {@code InfiniBand} or {@code Ethernet}, which is RoCE or iWARP
 * @param gids the entries in use of its address table
 */
public record RdmaPort(
    int number,
    String state,
    String physicalState,
    String rate,
    String linkLayer,
    List<RdmaGid> gids) {

  /** Whether connections can be made through it. */
  public boolean isActive() {
    return state.equals("ACTIVE");
  }
}
