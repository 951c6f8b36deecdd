package io.farpage.transport.tcp;

import io.farpage.linux.Errno;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.SocketIo;
import io.farpage.transport.LocalMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The source's end of a TCP page connection: answers requests from its mapping of the RAM files.
 *
 * <p>One thread per connection, blocking: it sleeps in {@code recv(2)}, wakes for a request, and
 * sends the range with {@code send(2)} from the mapped page cache. It allocates nothing per
 * request.
 */
public final class TcpPageServer implements Runnable, AutoCloseable {
  private static final int REQUESTS_PER_READ = 64;

  private final LaneSocket socket;
  private final LocalMemory memory;
  private final ServeListener listener;
  private final AtomicLong sentBytes = new AtomicLong();
  private final Thread thread;
  private volatile String failure;

  /**
   * Creates a server for one connection; {@link #start()} begins to serve.
   *
   * @param name what the connection is for, such as {@code demand}; names the thread
   * @param socket the connection, closed with the server
   * @param memory what may be read
   */
  public TcpPageServer(final String name, final LaneSocket socket, final LocalMemory memory) {
    this(name, socket, memory, (region, offset, length) -> {});
  }

  /**
   * Creates a server that tells what it serves.
   *
   * @param name what the connection is for; names the thread
   * @param socket the connection, closed with the server
   * @param memory what may be read
   * @param listener hears of each range before it is read
   */
  public TcpPageServer(
      final String name,
      final LaneSocket socket,
      final LocalMemory memory,
      final ServeListener listener) {
    this.socket = socket;
    this.memory = memory;
    this.listener = listener;
    thread = new Thread(this, "serve-" + name);
    thread.setDaemon(true);
  }

  /** Starts to serve in a thread of its own. */
  public void start() {
    thread.start();
  }

  /** Returns the number of bytes of page data sent so far. */
  public long sentBytes() {
    return sentBytes.get();
  }

  /** Returns why the server ended early, or null. */
  public String failure() {
    return failure;
  }

  @Override
  public void run() {
    try (NativeBuffer buffer =
        NativeBuffer.allocate((long) PageRequest.LENGTH_BYTES * REQUESTS_PER_READ)) {
      serve(buffer, buffer.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN));
    }
  }

  private void serve(final NativeBuffer buffer, final ByteBuffer requests) {
    int filled = 0;
    while (true) {
      final long n =
          SocketIo.recv(socket.fd(), buffer.address() + filled, buffer.lengthBytes() - filled, 0);
      if (n == -Errno.EINTR) {
        continue;
      }
      if (n <= 0) {
        failure = n == 0 ? null : Errno.describe((int) -n);
        return;
      }
      filled += (int) n;
      int at = 0;
      while (filled - at >= PageRequest.LENGTH_BYTES) {
        if (!answer(requests, at)) {
          socket.shutdown();
          return;
        }
        at += PageRequest.LENGTH_BYTES;
      }
      // a request may arrive in pieces: keep the rest at the front
      for (int i = at; i < filled; i++) {
        requests.put(i - at, requests.get(i));
      }
      filled -= at;
    }
  }

  private boolean answer(final ByteBuffer requests, final int at) {
    final int region = requests.getInt(at + PageRequest.REGION_OFFSET);
    final int length = requests.getInt(at + PageRequest.LENGTH_OFFSET);
    final long offset = requests.getLong(at + PageRequest.OFFSET_OFFSET);
    if (!memory.contains(region, offset, length) || length > PageRequest.MAX_LENGTH_BYTES) {
      failure =
          "the peer asked for "
              + length
              + " bytes at "
              + offset
              + " of region "
              + region
              + ", which is outside of the guest's RAM";
      return false;
    }
    listener.onServe(region, offset, length);
    final long address = memory.address(region, offset);
    long sent = 0;
    while (sent < length) {
      final long n =
          SocketIo.send(socket.fd(), address + sent, length - sent, SocketIo.MSG_NOSIGNAL);
      if (n > 0) {
        sent += n;
      } else if (n != -Errno.EINTR) {
        failure = Errno.describe((int) -n);
        return false;
      }
    }
    sentBytes.lazySet(sentBytes.get() + length);
    return true;
  }

  /** Ends the connection and waits for the thread to end. */
  @Override
  public void close() {
    socket.shutdown();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (final InterruptedException e) {
        interrupted = true;
      }
    }
    // only now: a descriptor closed under a blocked thread could be reused by another file
    socket.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
