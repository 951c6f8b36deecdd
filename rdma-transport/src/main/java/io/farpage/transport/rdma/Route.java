package io.farpage.transport.rdma;

/**
 * How a lane can read with RDMA: over which queue pair, and what.
 *
 * @param queuePair the connection, null for none
 * @param table what can be read over it
 * @param spinNs how long it pays to poll for a completion before waiting for its event
 */
record Route(QueuePair queuePair, ExtentTable table, long spinNs) {
  /** No RDMA. */
  static final Route NONE = new Route(null, ExtentTable.EMPTY, 0);
}
