package io.farpage.bench;

import java.util.concurrent.CompletableFuture;

/** When what happened in a migration, by this machine's clock. */
final class MoveTimes implements MoveObserver {
  private static final long TIMEOUT_MS = 20_000;

  private RunStateTimes destination;
  private CompletableFuture<Long> sourceEnd;
  private long completeMicros;

  @Override
  public void onBegin(final GuestSide from, final GuestSide to) {
    destination = to.times();
    sourceEnd =
        ProcessHandle.of(from.qemu().pid())
            .orElseThrow()
            .onExit()
            .thenApply(process -> RunStateTimes.nowMicros());
  }

  @Override
  public void onComplete() {
    completeMicros = RunStateTimes.nowMicros();
  }

  /** Returns how long the guest ran on the destination before all of its memory was there. */
  double postcopyMs() {
    return Math.max(0, completeMicros - destination.awaitResumeMicros(TIMEOUT_MS)) / 1e3;
  }

  /** Returns how long after that the source's QEMU ended; only if it has ended by itself. */
  double sourceEndMs() {
    return (sourceEnd.join() - completeMicros) / 1e3;
  }
}
