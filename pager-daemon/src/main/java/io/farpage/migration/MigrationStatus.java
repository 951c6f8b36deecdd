package io.farpage.migration;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The states of a migration, with QEMU's names, and the transitions between them. */
public enum MigrationStatus {
  /** Not begun. */
  NONE,
  /** The two sides agree, and the destination prepares; the guest runs on the source. */
  SETUP,
  /** QEMU's own migration has begun; the guest runs on the source. */
  ACTIVE,
  /** The guest has stopped on the source; it can still be continued there. */
  PRE_SWITCHOVER,
  /** The device state moves. The source may continue the guest until it has sent the last byte. */
  DEVICE,
  /** Committed: the guest belongs to the destination, its memory follows. */
  POSTCOPY_ACTIVE,
  /** Committed, and interrupted: who waits for a page goes on waiting; nothing is lost. */
  POSTCOPY_PAUSED,
  /** All has arrived. */
  COMPLETED,
  /** Given up before the commit; the guest is on the source. */
  FAILED,
  /** Given up before the commit at the operator's wish; the guest is on the source. */
  CANCELLED;

  /** Returns QEMU's name for the state. */
  public String qemuName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns the states that may follow. */
  public Set<MigrationStatus> next() {
    return switch (this) {
      case NONE -> EnumSet.of(SETUP, FAILED, CANCELLED, POSTCOPY_PAUSED);
      case SETUP -> EnumSet.of(ACTIVE, FAILED, CANCELLED);
      case ACTIVE -> EnumSet.of(PRE_SWITCHOVER, FAILED, CANCELLED);
      case PRE_SWITCHOVER -> EnumSet.of(DEVICE, FAILED, CANCELLED);
      case DEVICE -> EnumSet.of(POSTCOPY_ACTIVE, POSTCOPY_PAUSED, FAILED, CANCELLED);
      case POSTCOPY_ACTIVE -> EnumSet.of(POSTCOPY_PAUSED, COMPLETED);
      case POSTCOPY_PAUSED -> EnumSet.of(POSTCOPY_ACTIVE, COMPLETED);
      case COMPLETED, FAILED, CANCELLED -> EnumSet.noneOf(MigrationStatus.class);
    };
  }

  /** Returns whether the guest belongs to the destination for good. */
  public boolean isCommitted() {
    return this == POSTCOPY_ACTIVE || this == POSTCOPY_PAUSED || this == COMPLETED;
  }
}
