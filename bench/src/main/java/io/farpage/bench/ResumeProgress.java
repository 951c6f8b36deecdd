package io.farpage.bench;

import io.farpage.guest.RunningWriter;
import io.farpage.guest.WriterGuest;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;

/** How many pages a guest wrote in the first second after it resumed. */
final class ResumeProgress implements MoveObserver {
  private static final long TIMEOUT_MS = 600_000;
  private static final long WATCHED_MICROS = 1_000_000;

  private final WriterGuest guest;
  private CompletableFuture<Long> watched;
  private RunningWriter destination;
  private long writes;

  ResumeProgress(final WriterGuest guest) {
    this.guest = guest;
  }

  @Override
  public void onBegin(final GuestSide source, final GuestSide side) throws IOException {
    destination = RunningWriter.open(guest, side.qemu().command());
    watched = new CompletableFuture<>();
    final Thread thread = new Thread(() -> watch(side.times()), "resume-progress");
    thread.setDaemon(true);
    thread.start();
  }

  private void watch(final RunStateTimes times) {
    try {
      final long end = times.awaitResumeMicros(TIMEOUT_MS) + WATCHED_MICROS;
      for (long left = end - RunStateTimes.nowMicros();
          left > 0;
          left = end - RunStateTimes.nowMicros()) {
        LockSupport.parkNanos(left * 1000);
      }
      watched.complete(destination.steps());
    } catch (final RuntimeException e) {
      watched.completeExceptionally(e);
    }
  }

  @Override
  public void onEnd(final GuestSide side) throws IOException {
    try (RunningWriter source = RunningWriter.open(guest, side.qemu().command())) {
      // where the control page had not come yet, an older one is seen
      writes = Math.max(0, watched.join() - source.steps());
    } catch (final CompletionException e) {
      throw new IOException(e.getCause());
    } finally {
      destination.close();
    }
  }

  /** Returns how many pages it wrote, once the migration is complete. */
  long writes() {
    return writes;
  }
}
