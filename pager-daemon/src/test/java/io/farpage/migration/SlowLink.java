package io.farpage.migration;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Between a destination and its source: what the source says on each connection is passed on at so
 * many bytes a second, so that pages are on their way for a while.
 */
final class SlowLink implements AutoCloseable {
  private static final int PIECE_BYTES = 64 << 10;

  private final int sourcePort;
  private final long bytesPerSecond;
  private final ServerSocketChannel server;
  private final List<SocketChannel> open = new ArrayList<>();

  SlowLink(final int sourcePort, final long bytesPerSecond) throws IOException {
    this.sourcePort = sourcePort;
    this.bytesPerSecond = bytesPerSecond;
    server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    start(this::accept);
  }

  /** Where the destination finds the source. */
  int port() throws IOException {
    return ((InetSocketAddress) server.getLocalAddress()).getPort();
  }

  private void accept() {
    try {
      while (true) {
        final SocketChannel destination = add(server.accept());
        final SocketChannel source =
            add(
                SocketChannel.open(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), sourcePort)));
        start(() -> pass(destination, source, Long.MAX_VALUE));
        start(() -> pass(source, destination, bytesPerSecond));
      }
    } catch (final IOException e) {
      close(); // the test is over, or the source
    }
  }

  private synchronized SocketChannel add(final SocketChannel channel) {
    open.add(channel);
    return channel;
  }

  private void pass(final SocketChannel from, final SocketChannel to, final long rate) {
    try {
      final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE_BYTES);
      long due = System.nanoTime();
      while (from.read(buffer.clear()) >= 0) {
        due = Math.max(due, System.nanoTime()) + buffer.position() * 1_000_000_000L / rate;
        Thread.sleep(Math.max(0, due - System.nanoTime()) / 1_000_000);
        buffer.flip();
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
      }
      to.shutdownOutput();
    } catch (final IOException e) {
      closeBoth(from, to); // one side has ended
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns how many connections there have been. */
  synchronized int connections() {
    return open.size() / 2;
  }

  /** Ends a connection; they are numbered from 0 on, as they came. */
  synchronized void cut(final int connection) {
    closeBoth(open.get(2 * connection), open.get(2 * connection + 1));
  }

  private static void closeBoth(final SocketChannel one, final SocketChannel other) {
    try {
      one.close();
      other.close();
    } catch (final IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void start(final Runnable body) {
    final Thread thread = new Thread(body, "slow-link");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public synchronized void close() {
    try {
      server.close();
      for (final SocketChannel channel : open) {
        channel.close();
      }
    } catch (final IOException e) {
      throw new AssertionError(e);
    }
  }
}
