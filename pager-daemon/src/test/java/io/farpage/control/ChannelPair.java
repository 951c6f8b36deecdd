package io.farpage.control;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Both ends of a control connection. */
record ChannelPair(ControlChannel near, ControlChannel far) implements AutoCloseable {
  static ChannelPair open() throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      final SocketChannel near = SocketChannel.open(server.getLocalAddress());
      return new ChannelPair(
          new ControlChannel(PeerConnection.plain(near)),
          new ControlChannel(PeerConnection.plain(server.accept())));
    }
  }

  @Override
  public void close() {
    near.close();
    far.close();
  }
}
