package io.farpage.bench;

import io.farpage.guest.RunningWriter;
import io.farpage.guest.TouchHistogram;
import io.farpage.guest.WriterGuest;
import java.io.IOException;

/** How long a guest's touches took from its resumption until all of its memory was there. */
final class TouchTimes implements MoveObserver, AutoCloseable {
  private final WriterGuest guest;
  private RunningWriter destination;
  private TouchHistogram touches;

  TouchTimes(final WriterGuest guest) {
    this.guest = guest;
  }

  @Override
  public void onBegin(final GuestSide from, final GuestSide to) throws IOException {
    destination = RunningWriter.open(guest, to.qemu().command());
  }

  @Override
  public void onComplete() {
    touches = destination.touches();
  }

  @Override
  public void onEnd(final GuestSide from) throws IOException {
    // what it had counted when it left
    try (RunningWriter source = RunningWriter.open(guest, from.qemu().command())) {
      touches = touches.minus(source.touches());
    }
    close();
  }

  /** Returns the touches, once all is done. */
  TouchHistogram touches() {
    return touches;
  }

  @Override
  public void close() throws IOException {
    if (destination != null) {
      destination.close();
      destination = null;
    }
  }
}
