package io.farpage.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.control.Hello;
import io.farpage.control.LaneCounts;
import io.farpage.control.RegionInfo;
import io.farpage.linux.SocketIo;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * Has Java get the largest libraries ready on another processor, while the command line is read.
 *
 * <p>Nothing here may make a logger: logging is not configured yet.
 */
final class Preload extends Thread {
  private static final String SELECTORS_PROPERTY = "java.nio.channels.spi.SelectorProvider";
  private static final String SELECTORS = "sun.nio.ch.EPollSelectorProvider";

  /** What to get ready. */
  private enum Library {
    NATIVE_CALLS,
    SOCKETS,
    FRAMES
  }

  private static volatile boolean ending;

  private final Library library;

  private Preload(final Library library) {
    super("preload-" + library.ordinal());
    this.library = library;
    setDaemon(true);
  }

  /** Begins what both daemons need, and does not wait. */
  static void begin() {
    nameSelectors();
    new Preload(Library.NATIVE_CALLS).start();
    new Preload(Library.SOCKETS).start();
  }

  /**
   * Begins what turns frames into JSON. A destination needs that once it is connected, and other
   * things sooner.
   */
  static void beginFrames() {
    new Preload(Library.FRAMES).start();
  }

  /** The program ends: what fails from now on has lost the ground under its feet. */
  static void end() {
    ending = true;
  }

  /** Java would look for others than its own in every jar. */
  private static void nameSelectors() {
    try {
      Class.forName(SELECTORS, false, null);
      System.setProperty(SELECTORS_PROPERTY, SELECTORS);
    } catch (final ClassNotFoundException e) {
      return; // another Java: it finds its own
    }
  }

  @Override
  public void run() {
    try {
      switch (library) {
        case NATIVE_CALLS -> SocketIo.shutdown(-1);
        case SOCKETS -> SocketChannel.open(StandardProtocolFamily.UNIX).close();
        default -> frames();
      }
    } catch (final IOException | LinkageError e) {
      if (!ending) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void frames() throws IOException {
    final ObjectMapper mapper = new ObjectMapper();
    final Hello hello =
        new Hello("", "", List.of(), "", RegionInfo.of(List.of()), new LaneCounts(1, 1), null);
    mapper.readTree(mapper.writeValueAsString(hello));
  }
}
