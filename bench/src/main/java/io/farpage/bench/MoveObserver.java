package io.farpage.bench;

import java.io.IOException;
import java.util.List;

/** Looks at a migration from outside of it. */
interface MoveObserver {
  /** Nobody looks. */
  MoveObserver NONE = all();

  /** The destination's QEMU waits for the guest, and nothing of the migration has begun. */
  default void onBegin(final GuestSide source, final GuestSide destination) throws IOException {}

  /** A daemon has started. */
  default void onDaemon(final ProcessHandle daemon) throws IOException {}

  /** The daemons have connected, or QEMU's own migration is about to begin. */
  default void onConnected() throws IOException {}

  /** The destination has just said that all memory is there. */
  default void onComplete() throws IOException {}

  /** All is done; the files of the source's RAM are still there. */
  default void onEnd(final GuestSide source) throws IOException {}

  /** Several look, in this order. */
  static MoveObserver all(final MoveObserver... observers) {
    final List<MoveObserver> all = List.of(observers);
    return new MoveObserver() {
      @Override
      public void onBegin(final GuestSide source, final GuestSide destination) throws IOException {
        for (final MoveObserver each : all) {
          each.onBegin(source, destination);
        }
      }

      @Override
      public void onDaemon(final ProcessHandle daemon) throws IOException {
        for (final MoveObserver each : all) {
          each.onDaemon(daemon);
        }
      }

      @Override
      public void onConnected() throws IOException {
        for (final MoveObserver each : all) {
          each.onConnected();
        }
      }

      @Override
      public void onComplete() throws IOException {
        for (final MoveObserver each : all) {
          each.onComplete();
        }
      }

      @Override
      public void onEnd(final GuestSide source) throws IOException {
        for (final MoveObserver each : all) {
          each.onEnd(source);
        }
      }
    };
  }
}
