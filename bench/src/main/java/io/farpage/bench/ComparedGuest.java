package io.farpage.bench;

import java.io.IOException;

/** A guest that is moved in different ways. */
interface ComparedGuest extends AutoCloseable {
  /** The QEMUs that it lives in. */
  MovingGuest vm();

  /** Begins to watch one move; the guest is left to itself for a moment first. */
  Watch watch() throws IOException;

  /**
   * Looks whether the guest is whole, and lets it go on.
   *
   * @return what is wrong; empty when all is well
   */
  String damage() throws IOException;

  /** Ends it. */
  @Override
  void close() throws IOException;

  /** Watches one move. */
  interface Watch extends MoveObserver, AutoCloseable {
    /** Adds what was seen to the figures, once the move is done. */
    Seen addTo(Rounds rounds) throws IOException;

    @Override
    void close() throws IOException;
  }

  /**
   * What was seen besides the figures.
   *
   * @param progress the guest's work over time
   * @param waits how long the guest waited for pages; nobody counts them in some guests
   */
  record Seen(Progress progress, Waits waits) {}
}
