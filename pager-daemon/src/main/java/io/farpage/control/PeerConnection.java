package io.farpage.control;

import io.farpage.transport.tcp.LaneSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLSocket;
import jdk.net.ExtendedSocketOptions;

/**
 * A connection to the other daemon, plain or encrypted, before it is known what it carries.
 *
 * <p>It becomes either the stream pair of a {@link ControlChannel} or, by {@link #toLane()}, a
 * descriptor for page data.
 */
public final class PeerConnection implements AutoCloseable {
  private static final int KEEPALIVE_IDLE_S = 10;
  private static final int KEEPALIVE_INTERVAL_S = 5;
  private static final int KEEPALIVE_COUNT = 8;

  private final SocketChannel channel;
  private final SSLSocket tls;
  private final Socket socket;
  private final String peer;

  private PeerConnection(final SocketChannel channel, final SSLSocket tls) throws IOException {
    this.channel = channel;
    this.tls = tls;
    socket = tls == null ? channel.socket() : tls;
    peer = channel.getRemoteAddress().toString().replaceFirst("^/", "");
  }

  /** Wraps a connected plain channel. */
  public static PeerConnection plain(final SocketChannel channel) throws IOException {
    configure(channel);
    return new PeerConnection(channel, null);
  }

  /** Wraps a connected channel after its TLS handshake. */
  static PeerConnection encrypted(final SocketChannel channel, final SSLSocket tls)
      throws IOException {
    return new PeerConnection(channel, tls);
  }

  static void configure(final SocketChannel channel) throws IOException {
    channel.configureBlocking(true);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    // a peer whose host is gone is noticed within a minute, on the control connection
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    channel.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    channel.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEPALIVE_INTERVAL_S);
    channel.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEPALIVE_COUNT);
  }

  /** Returns the stream from the peer. */
  public InputStream in() throws IOException {
    return socket.getInputStream();
  }

  /** Returns the stream to the peer. */
  public OutputStream out() throws IOException {
    return socket.getOutputStream();
  }

  /** Sets how long a read waits, in milliseconds; 0 is for ever. */
  public void readTimeout(final int milliseconds) throws IOException {
    socket.setSoTimeout(milliseconds);
  }

  /** Returns the peer's address, as {@code host:port}. */
  public String peer() {
    return peer;
  }

  /** Returns this side's address. */
  public InetAddress localAddress() {
    return channel.socket().getLocalAddress();
  }

  /** Returns the peer's address. */
  public InetAddress peerAddress() {
    return channel.socket().getInetAddress();
  }

  /** Turns the connection into a lane; its streams must not be used any more. */
  public LaneSocket toLane() throws IOException {
    if (tls == null) {
      return LaneSocket.of(channel);
    }
    final TlsTunnel tunnel = TlsTunnel.start(tls, peer);
    return LaneSocket.of(tunnel, tunnel.fd());
  }

  @Override
  public void close() {
    try {
      // the channel first: closing a TLS socket may wait for a peer that has stopped reading
      channel.close();
      if (tls != null) {
        tls.close();
      }
    } catch (final IOException e) {
      // the connection is given up either way
      System.getLogger(PeerConnection.class.getName())
          .log(System.Logger.Level.DEBUG, "closing the connection to " + peer, e);
    }
  }
}
