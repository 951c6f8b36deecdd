package io.farpage.pager;

/**
 * Hears of every fault of the guest, for a recording.
 *
 * <p>Called on the demand agent's thread for each fault, before it is answered: must neither block
 * nor lock nor allocate.
 */
public interface FaultRecorder {
  /** Records nothing. */
  FaultRecorder NONE = (page, nowNs) -> {};

  /**
   * Hears that the guest has stopped on the source: what has arrived until now is what it finds
   * here. Called before the first fault, on another thread.
   *
   * @param nowNs the time that the faults count from, in nanoseconds
   */
  default void begin(final long nowNs) {}

  /**
   * Records a fault.
   *
   * @param page the page's number
   * @param nowNs when it was read, in nanoseconds
   */
  void record(long page, long nowNs);
}
