package io.farpage.vmm;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Forwards the clients of one UNIX socket to another, one after the other, as a QMP multiplexer
 * would.
 */
final class SocketProxy implements AutoCloseable {
  private final Path directory;
  private final ServerSocketChannel server;

  private SocketProxy(Path target) throws IOException {
    directory = Files.createTempDirectory("farpage-proxy");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket()));
    daemon(
        () -> {
          while (true) {
            try (SocketChannel client = server.accept();
                SocketChannel qemu = SocketChannel.open(UnixDomainSocketAddress.of(target))) {
              daemon(() -> pump(qemu, client));
              pump(client, qemu);
            }
          }
        });
  }

  static SocketProxy to(Path target) throws IOException {
    return new SocketProxy(target);
  }

  Path socket() {
    return directory.resolve("socket");
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket());
    Files.deleteIfExists(directory);
  }

  private interface Transfer {
    void run() throws IOException;
  }

  private static void pump(SocketChannel from, SocketChannel to) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    while (from.read(buffer.clear()) >= 0) {
      buffer.flip();
      while (buffer.hasRemaining()) {
        to.write(buffer);
      }
    }
  }

  private static void daemon(Transfer transfer) {
    Thread thread =
        new Thread(
            () -> {
              try {
                transfer.run();
              } catch (IOException e) {
                // One side has hung up, or the proxy is closed: this transfer is over.
                return;
              }
            });
    thread.setDaemon(true);
    thread.start();
  }
}
