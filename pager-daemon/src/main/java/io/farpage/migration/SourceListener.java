package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.Hello;
import io.farpage.control.PeerConnection;
import io.farpage.control.Preface;
import io.farpage.control.ProtocolException;
import io.farpage.control.Wire;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source's port: accepts connections, finds out what each is for, and hands it to the
 * conductor.
 *
 * <p>Who sends garbage, nothing, or the wrong key is dropped with a log line, and the port goes on
 * listening. At most {@value #MAX_GREETINGS} connections are greeted at once: when another one
 * comes, the oldest of them is dropped, so that idle ones cannot keep a destination out.
 */
final class SourceListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceListener.class);
  private static final int GREETING_TIMEOUT_MS = 10_000;
  private static final int MAX_GREETINGS = 32;

  private final ServerSocketChannel server;
  private final Wire wire;
  private final Inbox inbox;
  private final Deque<SocketChannel> greeted = new ArrayDeque<>();
  private volatile byte[] sessionKey;

  private SourceListener(final ServerSocketChannel server, final Wire wire, final Inbox inbox) {
    this.server = server;
    this.wire = wire;
    this.inbox = inbox;
  }

  static SourceListener open(final Endpoint endpoint, final Wire wire, final Inbox inbox)
      throws MigrationException {
    final InetSocketAddress address = endpoint.resolve();
    if (!wire.allows(address.getAddress())) {
      throw new MigrationException(
          Outcome.REFUSED,
          endpoint
              + " is not loopback: guest memory would travel unencrypted and anybody could take it;"
              + " give both sides --tls-creds DIR, or --insecure on a network that you trust");
    }
    try {
      final ServerSocketChannel server = ServerSocketChannel.open();
      try {
        server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        server.bind(address);
        final SourceListener listener = new SourceListener(server, wire, inbox);
        final Thread thread = new Thread(listener::accept, "listen");
        thread.setDaemon(true);
        thread.start();
        return listener;
      } catch (final IOException e) {
        server.close();
        throw e;
      }
    } catch (final IOException e) {
      throw new MigrationException(
          Outcome.REFUSED,
          "cannot listen on " + endpoint + ": " + e.getMessage() + "; choose another --listen",
          e);
    }
  }

  InetSocketAddress address() {
    try {
      return (InetSocketAddress) server.getLocalAddress();
    } catch (final IOException e) {
      throw new IllegalStateException("the listening socket is closed", e);
    }
  }

  /** Lets lanes join that show this key. */
  void expectLanes(final byte[] key) {
    sessionKey = key.clone();
  }

  private void accept() {
    while (true) {
      try {
        final SocketChannel channel = server.accept();
        makeRoomFor(channel);
        final Thread thread = new Thread(() -> greet(channel), "greet");
        thread.setDaemon(true);
        thread.start();
      } catch (final ClosedChannelException e) {
        return;
      } catch (final IOException e) {
        LOG.warn("accepting a connection: {}", e.getMessage());
      }
    }
  }

  private void makeRoomFor(final SocketChannel channel) {
    synchronized (greeted) {
      greeted.addLast(channel);
      if (greeted.size() > MAX_GREETINGS) {
        closeQuietly(greeted.removeFirst());
      }
    }
  }

  private void greet(final SocketChannel channel) {
    String peer = "a peer";
    PeerConnection connection = null;
    try {
      peer = String.valueOf(channel.getRemoteAddress());
      connection = wire.accept(channel, GREETING_TIMEOUT_MS);
      connection.readTimeout(GREETING_TIMEOUT_MS);
      final Preface preface = Preface.read(connection.in());
      final OutputStream out = connection.out();
      new Preface(Preface.VERSION, preface.purpose(), new byte[Preface.KEY_LENGTH]).write(out);
      preface.requireVersion("destination");
      if (preface.purpose() == Preface.Purpose.CONTROL) {
        final ControlChannel control = new ControlChannel(connection);
        final Hello hello = receiveHello(control);
        connection.readTimeout(0);
        inbox.put(new Signal.ControlJoined(connection.peer(), control, hello));
      } else {
        connection.readTimeout(0);
        final byte[] expected = sessionKey;
        if (expected == null || !MessageDigest.isEqual(expected, preface.key())) {
          throw new IOException("a lane without the key of this session");
        }
        inbox.put(new Signal.LaneJoined(preface.purpose(), connection));
      }
    } catch (final IOException e) {
      LOG.warn("connection from {} dropped: {}", peer, Conductor.message(e));
      if (connection != null) {
        connection.close();
      } else {
        closeQuietly(channel);
      }
    } finally {
      synchronized (greeted) {
        greeted.remove(channel);
      }
    }
  }

  private static Hello receiveHello(final ControlChannel control) throws IOException {
    final Frame frame = control.receive();
    if (frame.type() != FrameType.HELLO) {
      throw new ProtocolException("the peer began with " + frame.type());
    }
    return ControlChannel.decode(frame, Hello.class);
  }

  private static void closeQuietly(final SocketChannel channel) {
    try {
      channel.close();
    } catch (final IOException e) {
      LOG.debug("closing a dropped connection", e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (final IOException e) {
      LOG.debug("closing the port", e);
    }
  }
}
