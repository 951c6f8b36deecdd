package io.farpage.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A program for the ends of a {@link LimitedLink}: sends, receives, or talks to a UNIX socket. */
public final class LinkTraffic {
  private LinkTraffic() {}

  /**
   * Runs one end: {@code receive ADDRESS}, {@code send ADDRESS PORT SECONDS}, {@code say SOCKET}.
   */
  public static void main(final String[] args) throws IOException {
    switch (args[0]) {
      case "receive" -> receive(InetAddress.getByName(args[1]));
      case "send" ->
          send(new InetSocketAddress(args[1], Integer.parseInt(args[2])), Long.parseLong(args[3]));
      case "say" -> say(UnixDomainSocketAddress.of(args[1]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void receive(final InetAddress address) throws IOException {
    final byte[] buffer = new byte[1 << 20];
    try (ServerSocket server = new ServerSocket(0, 1, address)) {
      System.out.println("port " + server.getLocalPort());
      try (Socket socket = server.accept();
          InputStream in = socket.getInputStream()) {
        long bytes = in.read(buffer);
        final long begin = System.nanoTime();
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          bytes += read;
        }
        final double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf(Locale.ROOT, "rate %.0f %.3f%n", bytes / seconds, seconds);
      }
    }
  }

  private static void send(final InetSocketAddress address, final long seconds) throws IOException {
    final byte[] buffer = new byte[64 << 10];
    try (Socket socket = new Socket(address.getAddress(), address.getPort());
        OutputStream out = socket.getOutputStream()) {
      final long end = System.nanoTime() + seconds * 1_000_000_000;
      while (System.nanoTime() - end < 0) {
        out.write(buffer);
      }
    }
  }

  private static void say(final UnixDomainSocketAddress address) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(address);
      channel.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.US_ASCII)));
    }
  }
}
