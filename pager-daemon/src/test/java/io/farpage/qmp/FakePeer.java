package io.farpage.qmp;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Something on a UNIX socket that is not, or not quite, QEMU: for one client, it does what a test
 * says.
 */
final class FakePeer implements AutoCloseable {
  static final String GREETING =
      "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 1, \"minor\": 2, \"major\": 9}, \"package\": \"\"},"
          + " \"capabilities\": []}}\r\n";

  interface Behaviour {
    void serve(SocketChannel client) throws IOException, InterruptedException;
  }

  private final Path directory;
  private final ServerSocketChannel server;
  private final Thread thread;

  private FakePeer(Behaviour behaviour) throws IOException {
    directory = Files.createTempDirectory("farpage-peer");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket()));
    thread =
        new Thread(
            () -> {
              try (SocketChannel client = server.accept()) {
                behaviour.serve(client);
              } catch (IOException | InterruptedException e) {
                // The test is over: its client has hung up.
                Thread.currentThread().interrupt();
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  static FakePeer that(Behaviour behaviour) throws IOException {
    return new FakePeer(behaviour);
  }

  /** Greets, answers the first command, and goes on. */
  static FakePeer greetingThen(Behaviour behaviour) throws IOException {
    return new FakePeer(
        client -> {
          send(client, GREETING);
          receive(client);
          send(client, "{\"return\": {}, \"id\": 1}\r\n");
          behaviour.serve(client);
        });
  }

  Path socket() {
    return directory.resolve("socket");
  }

  static void send(SocketChannel client, String text) throws IOException {
    send(client, text.getBytes(StandardCharsets.UTF_8));
  }

  static void send(SocketChannel client, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      client.write(buffer);
    }
  }

  static String receive(SocketChannel client) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    client.read(buffer);
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
  }

  static void hang(SocketChannel client) throws InterruptedException {
    Thread.sleep(60_000);
  }

  @Override
  public void close() throws IOException {
    server.close();
    thread.interrupt();
    Files.deleteIfExists(socket());
    Files.deleteIfExists(directory);
  }
}
