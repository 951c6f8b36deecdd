package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.ExtentsFrame;
import io.farpage.control.FrameType;
import io.farpage.transport.Extents;
import java.io.IOException;

/** Sends ranges of the guest's RAM over a control connection, in frames. */
final class ExtentSender {
  private ExtentSender() {}

  /**
   * Sends all ranges; the last frame says that it is the last.
   *
   * @param type what the ranges are: {@link FrameType#EXTENTS} or {@link FrameType#STALE_MEMORY}
   */
  static void send(final ControlChannel control, final FrameType type, final Extents extents)
      throws IOException {
    final int regions = extents.regionCount();
    for (int region = 0; region < regions; region++) {
      final int count = extents.count(region);
      int at = 0;
      do {
        final int now = Math.min(count - at, ExtentsFrame.MAX_EXTENTS);
        final long[] ranges = new long[2 * now];
        for (int i = 0; i < now; i++) {
          ranges[2 * i] = extents.offsetBytes(region, at + i);
          ranges[2 * i + 1] = extents.lengthBytes(region, at + i);
        }
        at += now;
        final boolean last = region == regions - 1 && at == count;
        final byte[] payload = new ExtentsFrame(region, last, ranges).encode();
        control.send(type, payload, payload.length);
      } while (at < count);
    }
  }
}
