package io.farpage.control;

/** The frames of a control connection; the order is the number on the wire. */
public enum FrameType {
  /** Destination: which guest RAM it has, what it can do (JSON). */
  HELLO,
  /** Source: the same, and the session's id and key (JSON). */
  WELCOME,
  /**
   * Destination: RAM is registered, the VMM waits for the device state: the guest is to be stopped.
   * Empty, or a {@link Switchover} after a warm-up (JSON).
   */
  PREPARED,
  /** Source: the guest has stopped; the one byte is 1 when it ran before, else 0. */
  STOPPED,
  /** Source: part of the VMM's device state (bytes). */
  DEVICE_STATE,
  /** Source: the rest of the device state. Only now can the destination resume the guest. */
  DEVICE_STATE_END,
  /** Destination: the guest has resumed there: the commit point (empty). */
  RESUMED,
  /** Source: where data is, see {@link ExtentsFrame}. */
  EXTENTS,
  /** Destination: every page has arrived (empty). */
  COMPLETED,
  /** Source: the last word, with its figures (JSON). */
  BYE,
  /** Either: the migration failed before the commit, and this side is safe (JSON). */
  FAILED,
  /** Either: setting up RDMA, see {@link RdmaMessage} (JSON). */
  RDMA,
  /** Source: memory that can be read with RDMA, see {@link MemoryFrame}. */
  MEMORY,
  /**
   * Source, once its guest has stopped: which ranges of the memory registered before are not the
   * guest's any more, see {@link ExtentsFrame}.
   */
  STALE_MEMORY,
  /** Destination: read the guest while it runs, so track what it writes (empty). */
  WARMUP,
  /** Source: whether it can, see {@link Tracking} (JSON). */
  TRACKING,
  /** Source: where data is, now that tracking has begun, see {@link PageSetFrame}. */
  DATA_PAGES,
  /** Destination: which pages were written since the last time (empty). */
  SCAN,
  /**
   * Source: those pages, see {@link PageSetFrame}. A read of one that began before this frame is
   * worthless; later writes will be reported with the next one.
   */
  WRITTEN_PAGES,
  /**
   * Source, once its guest has stopped and before {@link #UNCLEAN_PAGES}: pages that the guest has
   * given back since they were read over TCP, see {@link PageSetFrame}.
   */
  GIVEN_BACK_PAGES,
  /**
   * Source, once its guest has stopped: pages that are not certain to be as they were when they
   * were read, see {@link PageSetFrame}.
   */
  UNCLEAN_PAGES,
  /** Destination: all memory known so far is there, the guest may come (empty). */
  CAUGHT_UP,
  /** Source: its operator wants the guest to be stopped now (empty). */
  START_POSTCOPY
}
