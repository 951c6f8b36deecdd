package io.farpage.migration;

/** How many lanes of each kind there are unless the operator says. */
final class UsualLanes {
  private static final int MAX_DEMAND = 8;
  private static final int MAX_BULK = 4;

  /** A fault keeps about so many busy: who touches, who answers, and the kernel's network. */
  private static final int PROCESSORS_EACH = 3;

  /** The source's thread of a lane, and a part of the one here that copies what comes. */
  private static final int PROCESSORS_EACH_BULK = 4;

  private UsualLanes() {}

  /**
   * Returns how many agents answer a guest's faults, each with a lane: no more than CPUs that could
   * wait at once, and none where it would take a processor away from the guest's.
   *
   * @param guestCpus the guest's CPUs
   * @param processors those of this host that the daemon may use
   */
  static int demand(final int guestCpus, final int processors) {
    return Math.max(1, Math.min(Math.min(guestCpus, processors / PROCESSORS_EACH), MAX_DEMAND));
  }

  /**
   * Returns how many lanes bring what is fetched ahead.
   *
   * @param processors those of this host that the daemon may use
   */
  static int bulk(final int processors) {
    return Math.max(1, Math.min(processors / PROCESSORS_EACH_BULK, MAX_BULK));
  }
}
