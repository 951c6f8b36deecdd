package io.farpage.control;

import io.farpage.linux.Errno;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.SocketIo;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocket;

/**
 * Gives page data on a TLS connection a plain descriptor: two threads carry the bytes between the
 * TLS socket and one end of a socket pair, whose other end the lane uses.
 *
 * <p>The Java TLS engine works on heap arrays, so an encrypted lane copies and allocates where a
 * plain one does not; the agents are the same.
 */
final class TlsTunnel implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final SSLSocket tls;
  private final int nearFd;
  private final int farFd;
  private final AtomicInteger farUsers = new AtomicInteger(2);
  private boolean closed;

  private TlsTunnel(final SSLSocket tls, final int[] pair) {
    this.tls = tls;
    nearFd = pair[0];
    farFd = pair[1];
  }

  static TlsTunnel start(final SSLSocket tls, final String peer) throws IOException {
    final TlsTunnel tunnel = new TlsTunnel(tls, SocketIo.pair());
    startThread("tls-in-" + peer, tunnel::carryIn);
    startThread("tls-out-" + peer, tunnel::carryOut);
    return tunnel;
  }

  private static void startThread(final String name, final Runnable body) {
    final Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** The lane's end of the pair. */
  int fd() {
    return nearFd;
  }

  private void carryIn() {
    try (NativeBuffer buffer = NativeBuffer.allocate(BUFFER_BYTES)) {
      final ByteBuffer view = buffer.asByteBuffer();
      final byte[] bytes = new byte[BUFFER_BYTES];
      final InputStream in = tls.getInputStream();
      for (int n = in.read(bytes); n > 0; n = in.read(bytes)) {
        view.put(0, bytes, 0, n);
        if (!sendFully(buffer.address(), n)) {
          break;
        }
      }
    } catch (final IOException e) {
      // the lane sees the end of its stream and reports that
      System.getLogger(TlsTunnel.class.getName())
          .log(System.Logger.Level.DEBUG, "encrypted lane", e);
    } finally {
      SocketIo.shutdown(farFd);
      releaseFar();
    }
  }

  private boolean sendFully(final long address, final int length) {
    int sent = 0;
    while (sent < length) {
      final long n = SocketIo.send(farFd, address + sent, length - sent, SocketIo.MSG_NOSIGNAL);
      if (n > 0) {
        sent += (int) n;
      } else if (n != -Errno.EINTR) {
        return false;
      }
    }
    return true;
  }

  private void carryOut() {
    try (NativeBuffer buffer = NativeBuffer.allocate(BUFFER_BYTES)) {
      final ByteBuffer view = buffer.asByteBuffer();
      final byte[] bytes = new byte[BUFFER_BYTES];
      final OutputStream out = tls.getOutputStream();
      while (true) {
        final long n = SocketIo.recv(farFd, buffer.address(), BUFFER_BYTES, 0);
        if (n > 0) {
          view.get(0, bytes, 0, (int) n);
          out.write(bytes, 0, (int) n);
        } else if (n != -Errno.EINTR) {
          break;
        }
      }
    } catch (final IOException e) {
      System.getLogger(TlsTunnel.class.getName())
          .log(System.Logger.Level.DEBUG, "encrypted lane", e);
    } finally {
      SocketIo.shutdown(farFd);
      closeTls();
      releaseFar();
    }
  }

  private void closeTls() {
    try {
      tls.close();
    } catch (final IOException e) {
      System.getLogger(TlsTunnel.class.getName())
          .log(System.Logger.Level.DEBUG, "closing an encrypted lane", e);
    }
  }

  /** The descriptor may be reused once closed, so the last thread to leave closes it. */
  private void releaseFar() {
    if (farUsers.decrementAndGet() == 0) {
      SocketIo.close(farFd);
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      SocketIo.shutdown(nearFd);
      SocketIo.close(nearFd);
      closeTls();
    }
  }
}
