package io.farpage.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.control.Hello;
import io.farpage.control.LaneCounts;
import io.farpage.control.RegionInfo;
import io.farpage.linux.SocketIo;
import java.io.IOException;
import java.util.List;

/**
 * Has Java get the largest libraries ready on another processor, while the command line is read.
 *
 * <p>Nothing here may make a logger: logging is not configured yet.
 */
final class Preload {
  private Preload() {}

  /** Begins, and does not wait. */
  static void begin() {
    start("preload-jna", () -> SocketIo.shutdown(-1));
    start("preload-json", Preload::json);
  }

  private static void start(final String name, final Runnable work) {
    final Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void json() {
    final ObjectMapper mapper = new ObjectMapper();
    try {
      final Hello hello =
          new Hello("", "", List.of(), "", RegionInfo.of(List.of()), new LaneCounts(1, 1), null);
      mapper.readTree(mapper.writeValueAsString(hello));
    } catch (final IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
