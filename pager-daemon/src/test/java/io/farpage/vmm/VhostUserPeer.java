package io.farpage.vmm;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The least vhost-user network back end that QEMU accepts: it offers no features and moves no
 * packets.
 */
public final class VhostUserPeer implements AutoCloseable {
  private static final int GET_FEATURES = 1;
  private static final int GET_VRING_BASE = 11;
  private static final int VERSION_AND_REPLY = 5;

  private final Path directory;
  private final ServerSocketChannel server;

  /** Starts to listen. */
  public VhostUserPeer() throws IOException {
    directory = Files.createTempDirectory("farpage-vhost-user");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket()));
    Thread thread = new Thread(this::serve);
    thread.setDaemon(true);
    thread.start();
  }

  /** Where it listens. */
  public Path socket() {
    return directory.resolve("socket");
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket());
    Files.deleteIfExists(directory);
  }

  private void serve() {
    try (SocketChannel qemu = server.accept()) {
      while (true) {
        ByteBuffer header = read(qemu, 12);
        int request = header.getInt(0);
        read(qemu, header.getInt(8));
        if (request == GET_FEATURES || request == GET_VRING_BASE) {
          ByteBuffer reply = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
          reply.putInt(request).putInt(VERSION_AND_REPLY).putInt(8).putLong(0).flip();
          qemu.write(reply);
        }
      }
    } catch (IOException e) {
      // QEMU has hung up: the test is over.
      return;
    }
  }

  private static ByteBuffer read(SocketChannel qemu, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (qemu.read(buffer) < 0) {
        throw new IOException("end of stream");
      }
    }
    return buffer;
  }
}
