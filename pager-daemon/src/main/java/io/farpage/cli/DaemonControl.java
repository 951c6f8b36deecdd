package io.farpage.cli;

/** What an operator can ask of a running daemon, by {@code farpage ctl} or by a signal. */
interface DaemonControl {
  /** Ends the migration; after the commit it is only interrupted. */
  void cancel(String who);

  /**
   * Ends the warm-up and switches over.
   *
   * @return whether there is a warm-up to end
   */
  boolean startPostcopy(String who);
}
