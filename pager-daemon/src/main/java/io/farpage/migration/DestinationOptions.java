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
 * @param demandAgents how many answer the guest's faults, when the operator says
 * @param bulkLanes how many connections bring what is fetched ahead, when the operator says
 * @param prefetch what to fetch ahead of demand, and what to record
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
    OptionalInt demandAgents,
    OptionalInt bulkLanes,
    PrefetchOptions prefetch,
    boolean resume,
    StateDirectory stateDirectory) {}
