package io.farpage.transport.rdma;

/** How completions of READs are waited for. */
public enum CompletionMode {
  /** Events on a device in software, which needs the processor itself; polling on an adapter. */
  AUTO,
  /** Sleep until an event comes. */
  EVENTS,
  /** Poll for as long as something is in flight. */
  POLLING;

  /** Some times what an adapter needs for a page: longer waits are not worth a processor. */
  private static final long ADAPTER_SPIN_NS = 20_000;

  /**
   * Returns for how many nanoseconds to poll before waiting for an event.
   *
   * @param software whether the device is one in software, such as rxe
   */
  public long spinNs(final boolean software) {
    return switch (this) {
      case AUTO -> software ? 0 : ADAPTER_SPIN_NS;
      case EVENTS -> 0;
      case POLLING -> Long.MAX_VALUE;
    };
  }
}
