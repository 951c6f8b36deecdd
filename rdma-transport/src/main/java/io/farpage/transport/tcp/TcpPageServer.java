package io.farpage.transport.tcp;

import io.farpage.linux.Errno;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.SocketIo;
import io.farpage.linux.SocketVector;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The source's end of a TCP page connection: answers requests from its mapping of the RAM files.
 *
 * <p>One thread per connection, blocking: it sleeps in {@code recv(2)}, wakes for requests, and
 * sends their ranges from the mapped page cache, all that have come with one call. It allocates
 * nothing per request.
 */
public final class TcpPageServer implements Runnable, AutoCloseable {
  private static final int REQUESTS_PER_READ = 64;

  /** About so much is sent with one call. */
  private static final long BYTES_PER_CALL = 1 << 20;

  private final LaneUse use;
  private final LaneSocket socket;
  private final LocalMemory memory;
  private final ServeListener listener;
  private final AtomicLong sentBytes = new AtomicLong();
  private final Thread thread;
  private volatile String failure;

  // the range that the request looked at last asks for
  private long rangeAddress;
  private int rangeLength;

  /**
   * Creates a server for one connection; {@link #start()} begins to serve.
   *
   * @param use what the connection is for
   * @param socket the connection, closed with the server
   * @param memory what may be read
   */
  public TcpPageServer(final LaneUse use, final LaneSocket socket, final LocalMemory memory) {
    this(use, socket, memory, (region, offset, length) -> {});
  }

  /**
   * Creates a server that tells what it serves.
   *
   * @param use what the connection is for
   * @param socket the connection, closed with the server
   * @param memory what may be read
   * @param listener hears of each range before it is read
   */
  public TcpPageServer(
      final LaneUse use,
      final LaneSocket socket,
      final LocalMemory memory,
      final ServeListener listener) {
    this.socket = socket;
    this.memory = memory;
    this.listener = listener;
    this.use = use;
    thread = new Thread(this, "serve-" + use.name().toLowerCase(Locale.ROOT));
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
    use.scheduleThread();
    try (NativeBuffer buffer =
            NativeBuffer.allocate((long) PageRequest.LENGTH_BYTES * REQUESTS_PER_READ);
        SocketVector ranges = new SocketVector(REQUESTS_PER_READ)) {
      serve(buffer, buffer.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN), ranges);
    }
  }

  private void serve(
      final NativeBuffer buffer, final ByteBuffer requests, final SocketVector ranges) {
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
        final int answered = answer(requests, at, filled, ranges);
        if (answered == 0) {
          socket.shutdown();
          return;
        }
        at += answered;
      }
      // a request may arrive in pieces: keep the rest at the front
      for (int i = at; i < filled; i++) {
        requests.put(i - at, requests.get(i));
      }
      filled -= at;
    }
  }

  /**
   * Answers some of the requests that have come, with one call.
   *
   * @return their length in bytes; 0 when the connection is of no use any more
   */
  private int answer(
      final ByteBuffer requests, final int from, final int end, final SocketVector ranges) {
    ranges.clear();
    int at = from;
    long length = 0;
    while (end - at >= PageRequest.LENGTH_BYTES && length < BYTES_PER_CALL) {
      if (!prepare(requests, at)) {
        return 0;
      }
      if (!ranges.add(rangeAddress, rangeLength)) {
        break;
      }
      length += rangeLength;
      at += PageRequest.LENGTH_BYTES;
    }
    final boolean alone = at - from == PageRequest.LENGTH_BYTES;
    if (alone ? !send(rangeAddress, rangeLength) : !send(ranges, length, requests, from, at)) {
      return 0;
    }
    sentBytes.lazySet(sentBytes.get() + length);
    return at - from;
  }

  /** Sets the range that a request asks for, and tells the listener; false when it may not be. */
  private boolean prepare(final ByteBuffer requests, final int at) {
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
    rangeAddress = memory.address(region, offset);
    rangeLength = length;
    return true;
  }

  private boolean send(
      final SocketVector ranges,
      final long length,
      final ByteBuffer requests,
      final int from,
      final int end) {
    long done;
    do {
      done = ranges.send(socket.fd(), SocketIo.MSG_NOSIGNAL);
    } while (done == -Errno.EINTR);
    if (done < 0) {
      failure = Errno.describe((int) -done);
      return false;
    }
    if (done == length) {
      return true;
    }
    // a signal came in between: the rest one by one
    for (int at = from; at < end; at += PageRequest.LENGTH_BYTES) {
      prepare(requests, at);
      if (done < rangeLength && !send(rangeAddress + done, rangeLength - done)) {
        return false;
      }
      done = Math.max(0, done - rangeLength);
    }
    return true;
  }

  private boolean send(final long address, final long length) {
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
