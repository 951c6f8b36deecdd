package io.farpage.migration;

import io.farpage.journal.Journal;
import io.farpage.qmp.QmpException;
import io.farpage.vmm.Qemu;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.VmmException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What both sides of a migration have in common: one thread that takes signals from an inbox and
 * goes through the states, the journal that follows them, and one way to give up.
 */
abstract class Conductor {
  /** A deadline that never comes. */
  static final long NEVER = Long.MAX_VALUE;

  private static final Logger LOG = LoggerFactory.getLogger(Conductor.class);
  private static final long CONNECTING_MS = 180_000;
  private static final long REGISTERING_MS_PER_GIB = 20_000;
  private static final Duration QMP_TIMEOUT = Duration.ofSeconds(10);

  final MigrationListener listener;
  final StateMachine state;
  final Inbox inbox = new Inbox();
  Journal journal;

  Conductor(final MigrationListener listener) {
    this.listener = listener;
    state =
        new StateMachine(
            status -> {
              if (journal != null) {
                journal.state(status.ordinal());
              }
              listener.onStatus(status);
            });
  }

  /** Goes through the migration, from beginning to end. */
  abstract void conduct() throws MigrationException, IOException, InterruptedException;

  /** Leaves the guest where it belongs, tells the peer, and returns what to report. */
  abstract MigrationException giveUp(MigrationException why);

  /** Closes whatever is open. */
  abstract void close();

  /**
   * Runs this side of the migration.
   *
   * @throws MigrationException when it did not go well; the outcome says where the guest is
   */
  public final void run() throws MigrationException {
    try {
      conduct();
    } catch (final MigrationException e) {
      throw giveUp(e);
    } catch (final QmpException | VmmException | IOException e) {
      final Outcome outcome =
          state.status() == MigrationStatus.NONE ? Outcome.REFUSED : Outcome.FAILED;
      throw giveUp(new MigrationException(outcome, message(e), e));
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      throw giveUp(new MigrationException(Outcome.CANCELLED, "interrupted", e));
    } catch (final RuntimeException e) {
      // a fault of this program must not leave the guest stopped
      LOG.error("giving up", e);
      throw giveUp(new MigrationException(Outcome.FAILED, "internal error: " + e, e));
    } finally {
      close();
    }
  }

  /** Asks the migration to end; from any thread. After the commit it can only be interrupted. */
  public final void cancel(final String who) {
    inbox.put(new Signal.CancelRequested(who));
  }

  /** Asks for the end of the warm-up, if there is one; from any thread. */
  public final void switchOver(final String who) {
    inbox.put(new Signal.SwitchoverRequested(who));
  }

  /** Returns the state. */
  public final MigrationStatus status() {
    return state.status();
  }

  /** Attaches to a QEMU whose events and whose end come to the inbox. */
  final Qemu attach(final Path qmpSocket, final OptionalInt pid) {
    final Qemu qemu =
        Qemu.attach(qmpSocket, pid, QMP_TIMEOUT, event -> inbox.put(new Signal.Qmp(event)));
    qemu.qmp()
        .closed()
        .whenComplete(
            (ended, gone) -> {
              if (gone != null) {
                inbox.put(new Signal.VmmGone());
              }
            });
    return qemu;
  }

  /** Takes the next signal; when none comes in time, the migration fails with a complaint. */
  final Signal next(final long deadlineNs, final String complaint)
      throws MigrationException, InterruptedException {
    final long waitMs =
        deadlineNs == NEVER
            ? Long.MAX_VALUE
            : Math.max(0, (deadlineNs - System.nanoTime()) / 1_000_000);
    final Signal signal = inbox.poll(waitMs);
    if (signal == null) {
      throw MigrationException.failed(complaint + " within its time");
    }
    return signal;
  }

  /** Removes the journal: there is nothing to resume. */
  final void deleteJournal() {
    if (journal != null) {
      try {
        journal.delete();
      } catch (final IOException e) {
        LOG.warn("removing the journal {}: {}", journal.file(), e.getMessage());
      }
    }
  }

  /** Returns how long RDMA may take to connect and register a VMM's whole RAM, in milliseconds. */
  static long registeringMs(final Qemu qemu) {
    return CONNECTING_MS
        + REGISTERING_MS_PER_GIB
            * (qemu.ram().stream().mapToLong(RamRegion::sizeBytes).sum() >> 30);
  }

  static String message(final Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
