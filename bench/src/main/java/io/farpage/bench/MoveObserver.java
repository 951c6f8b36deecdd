package io.farpage.bench;

import io.farpage.guest.QemuCommand;
import java.io.IOException;

/** Looks at a migration from outside of it. */
interface MoveObserver {
  /** Nobody looks. */
  MoveObserver NONE =
      new MoveObserver() {
        @Override
        public void onBegin(final QemuCommand destination, final RunStateTimes times) {}

        @Override
        public void onEnd(final QemuCommand source) {}
      };

  /**
   * The destination's QEMU waits for the guest.
   *
   * @param times of that QEMU
   */
  void onBegin(QemuCommand destination, RunStateTimes times) throws IOException;

  /** The migration is complete; the files of the source's RAM are still there. */
  void onEnd(QemuCommand source) throws IOException;
}
