package io.farpage.bench;

import io.farpage.linux.RamFile;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.tcp.LaneSocket;
import io.farpage.transport.tcp.TcpPageServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;

/** The source's process of {@code farpage bench fault}: serves a file until its input ends. */
final class FaultSourceProgram {
  private static final int LANES = 2;

  private FaultSourceProgram() {}

  /** Serves the file named by the first argument, to one peer. */
  public static void main(final String[] arguments) throws IOException {
    try (RamFile file = RamFile.open(Path.of(arguments[0]), false);
        ServerSocketChannel listener =
            ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      final LocalMemory memory =
          new LocalMemory(new long[] {file.map()}, new long[] {file.sizeBytes()});
      System.out.println("port " + listener.socket().getLocalPort());
      for (int i = 0; i < LANES; i++) {
        new TcpPageServer(LaneUse.DEMAND, LaneSocket.of(listener.accept()), memory).start();
      }
      System.in.read();
    }
    System.exit(0);
  }
}
