package io.farpage.transport.tcp;

import io.farpage.linux.ChannelFd;
import io.farpage.linux.SocketIo;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/** A connected stream socket that page data is sent or received on by descriptor. */
public final class LaneSocket implements AutoCloseable {
  private final AutoCloseable owner;
  private final int fd;

  private LaneSocket(final AutoCloseable owner, final int fd) {
    this.owner = owner;
    this.fd = fd;
  }

  /** Takes over a connected channel, which must not be read or written otherwise. */
  public static LaneSocket of(final SocketChannel channel) throws IOException {
    channel.configureBlocking(true);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return new LaneSocket(channel, ChannelFd.of(channel));
  }

  /**
   * Takes a descriptor whose life another object governs, such as the near end of a tunnel.
   *
   * @param owner closed with this socket
   * @param fd a connected stream socket
   */
  public static LaneSocket of(final AutoCloseable owner, final int fd) {
    return new LaneSocket(owner, fd);
  }

  /** Returns the descriptor, valid until {@link #close()}. */
  public int fd() {
    return fd;
  }

  /** Ends the connection; a thread blocked on the descriptor returns. */
  public void shutdown() {
    SocketIo.shutdown(fd);
  }

  @Override
  public void close() {
    try {
      owner.close();
    } catch (final Exception e) {
      // the connection is given up: nothing is lost by a close that fails
      System.getLogger(LaneSocket.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a page connection", e);
    }
  }
}
