package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.PeerConnection;
import io.farpage.control.RdmaMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A control connection over loopback: one end for what is tested, the other for the test. */
final class ControlPair implements AutoCloseable {
  private static final int PATIENCE_MS = 60_000;

  private final ControlChannel tested;
  private final ControlChannel peer;

  ControlPair() throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      tested =
          new ControlChannel(PeerConnection.plain(SocketChannel.open(server.getLocalAddress())));
      peer = new ControlChannel(PeerConnection.plain(server.accept()));
    }
    peer.receiveTimeout(PATIENCE_MS);
  }

  ControlChannel tested() {
    return tested;
  }

  /** Receives what the tested side says about RDMA, which must be what it says next. */
  RdmaMessage next() throws IOException {
    final Frame frame = peer.receive();
    if (frame.type() != FrameType.RDMA) {
      throw new AssertionError(frame.type() + " instead of RDMA");
    }
    return ControlChannel.decode(frame, RdmaMessage.class);
  }

  @Override
  public void close() {
    tested.close();
    peer.close();
  }
}
