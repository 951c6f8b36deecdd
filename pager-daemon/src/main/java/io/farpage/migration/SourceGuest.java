package io.farpage.migration;

import io.farpage.qmp.QmpEvent;
import io.farpage.qmp.QmpException;
import io.farpage.vmm.MigrationSettings;
import io.farpage.vmm.Qemu;
import io.farpage.vmm.VmmException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The guest on the source, on its way out: starts QEMU's own migration, and can undo it as long as
 * the guest has not been committed to the destination.
 */
final class SourceGuest {
  private static final Duration QUIT_TIMEOUT = Duration.ofSeconds(10);
  private static final long CANCEL_TIMEOUT_MS = 30_000;
  private static final long CANCEL_POLL_MS = 5;

  private final Qemu qemu;
  private MigrationSettings settings;
  private boolean wasRunning;
  private boolean migrating;
  private long stoppedNs;

  SourceGuest(final Qemu qemu) {
    this.qemu = qemu;
  }

  /** Sets QEMU up for its migration. */
  void prepareToLeave() {
    settings = MigrationSettings.applyToSource(qemu.qmp());
  }

  /** Lets QEMU migrate to a local socket; it will pause before it switches over. */
  void leaveTo(final Path socket) {
    wasRunning = qemu.runState().equals("running");
    stoppedNs = 0; // stopped and continued by somebody else meanwhile
    migrating = true;
    qemu.startMigration(socket);
  }

  /** Hears of what QEMU does. */
  void note(final QmpEvent event) {
    if (event.name().equals("STOP") && stoppedNs == 0) {
      stoppedNs = System.nanoTime();
    }
    if (event.isMigrationStatus("completed")
        || event.isMigrationStatus("failed")
        || event.isMigrationStatus("cancelled")) {
      migrating = false;
    }
  }

  /** Returns whether the guest ran when its migration began. */
  boolean wasRunning() {
    return wasRunning;
  }

  /** Returns when the guest stopped, by {@link System#nanoTime()}; 0 when it was paused before. */
  long stoppedNs() {
    return stoppedNs;
  }

  /**
   * Makes the VMM what it was before its migration began.
   *
   * @return what the operator should know, or an empty text
   */
  String takeBack() throws InterruptedException {
    if (migrating) {
      qemu.cancelMigration();
      final long deadline = System.nanoTime() + CANCEL_TIMEOUT_MS * 1_000_000;
      while (!qemu.queryMigration().isOver() && System.nanoTime() < deadline) {
        Thread.sleep(CANCEL_POLL_MS);
      }
    }
    String advice = "";
    if (wasRunning && !qemu.runState().equals("running")) {
      qemu.resumeGuest();
    } else if (settings != null && qemu.runState().equals("postmigrate")) {
      advice = "the guest is stopped, as it was; QEMU calls that postmigrate now, and cont goes on";
    }
    if (settings != null) {
      settings.restore();
    }
    return advice;
  }

  /**
   * Ends the VMM, or leaves it stopped, after its guest has left whole.
   *
   * @return what the operator has to tidy up, or an empty text
   */
  String leftBehind(final boolean keep) {
    try {
      if (!keep) {
        qemu.quit(QUIT_TIMEOUT);
      } else if (settings != null) {
        settings.restore();
      }
      return "";
    } catch (final QmpException | VmmException e) {
      return "the source's QEMU: " + e.getMessage();
    }
  }
}
