package io.farpage.migration;

import io.farpage.control.Wire;
import io.farpage.transport.rdma.CompletionMode;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * What {@code farpage dest} was asked for.
 *
 * @param qmp the VMM's QMP socket
 * @param pid the VMM's process, when the operator names it
 * @param source where the source listens
 * @param wire plain or encrypted
 * @param transport the transports allowed
 * @param completions how RDMA completions are waited for
 * @param warmup what to do while the guest still runs on the source
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
    TransportPolicy transport,
    CompletionMode completions,
    WarmupOptions warmup,
    long maxPostcopyBandwidth,
    String policy,
    boolean resume,
    StateDirectory stateDirectory) {}
