package io.farpage.migration;

import io.farpage.control.Wire;
import io.farpage.dirty.DirtyTracking;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * What {@code farpage source} was asked for.
 *
 * @param qmp the VMM's QMP socket
 * @param pid the VMM's process, when the operator names it
 * @param listen where to wait for the destination
 * @param wire plain or encrypted
 * @param transport the transports allowed
 * @param tracking how the guest's writes may be tracked
 * @param keepSource leave the source's VMM, paused, after the migration
 * @param stateDirectory where sockets and journals live
 */
public record SourceOptions(
    Path qmp,
    OptionalInt pid,
    Endpoint listen,
    Wire wire,
    TransportPolicy transport,
    DirtyTracking tracking,
    boolean keepSource,
    StateDirectory stateDirectory) {}
