package io.farpage.bench;

import java.io.IOException;

/** Counts what a guest does, wherever it is. */
@FunctionalInterface
interface WorkCounter extends MoveObserver, AutoCloseable {
  /** Returns how much it has done since some beginning; may be called by another thread. */
  long work();

  /** Ends it. */
  @Override
  default void close() throws IOException {}
}
