package io.farpage.migration;

import io.farpage.control.Switchover;
import io.farpage.warmup.WarmupRound;

/**
 * Hears how a migration goes; called on the conductor's thread and on that of RDMA, must return
 * quickly.
 */
public interface MigrationListener {
  /** The source waits for a destination at this address. */
  default void onListening(final String host, final int port) {}

  /** The migration has entered a state. */
  default void onStatus(final MigrationStatus status) {}

  /** The guest runs on the destination. */
  default void onResume() {}

  /** A round of the warm-up is over. */
  default void onWarmupRound(final WarmupRound round) {}

  /** It has been decided that the guest is stopped on the source now, and why. */
  default void onSwitchover(final Switchover decision) {}

  /** More pages have arrived. */
  default void onProgress(final Progress progress) {}

  /**
   * All that will be read with RDMA is registered on both sides: what has not arrived can be read
   * without the source's process.
   */
  default void onMemoryRegistered(final long registeredBytes) {}

  /** Something the operator should know. */
  default void onMessage(final String message) {}
}
