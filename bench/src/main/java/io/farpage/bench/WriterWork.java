package io.farpage.bench;

import io.farpage.guest.RunningWriter;
import io.farpage.guest.WriterGuest;
import java.io.IOException;

/** Counts the pages that a writer guest has written. */
final class WriterWork implements WorkCounter {
  private final WriterGuest guest;
  private RunningWriter source;
  private RunningWriter destination;

  WriterWork(final WriterGuest guest) {
    this.guest = guest;
  }

  @Override
  public synchronized void onBegin(final GuestSide from, final GuestSide to) throws IOException {
    source = RunningWriter.open(guest, from.qemu().command());
    destination = RunningWriter.open(guest, to.qemu().command());
  }

  /** What has not come yet to the destination's file is an older state there, or nothing. */
  @Override
  public synchronized long work() {
    final long there = source == null ? 0 : source.steps();
    return destination == null ? there : Math.max(there, destination.steps());
  }

  @Override
  public synchronized void onEnd(final GuestSide from) throws IOException {
    source.close();
    source = null;
  }

  @Override
  public synchronized void close() throws IOException {
    if (source != null) {
      source.close();
      source = null;
    }
    if (destination != null) {
      destination.close();
      destination = null;
    }
  }
}
