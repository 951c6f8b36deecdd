package io.farpage.migration;

import io.farpage.control.Wire;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * What {@code farpage dest} was asked for.
 *
 * @param qmp the VMM's QMP socket
 * @param pid the VMM's process, when the operator names it
 * @param source where the source listens
 * @param wire plain or encrypted
 * @param transports the transports allowed, best first
 * @param maxPostcopyBandwidth bytes a second fetched ahead of demand, 0 for no limit
 * @param policy the prefetch policy's name
 * @param resume go on with a migration that was interrupted after the commit
 * @param stateDirectory where sockets and journals live
 */
public record DestinationOptions(
    Path qmp,
    OptionalInt pid,
    Endpoint source,
    Wire wire,
    List<String> transports,
    long maxPostcopyBandwidth,
    String policy,
    boolean resume,
    StateDirectory stateDirectory) {

  /** Copies the list. */
  public DestinationOptions {
    transports = List.copyOf(transports);
  }
}
