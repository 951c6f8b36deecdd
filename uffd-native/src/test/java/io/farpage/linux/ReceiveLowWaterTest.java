package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A TCP connection on the loopback interface. */
class ReceiveLowWaterTest {
  private static final int LITTLE_MS = 50;
  private static final int LONG_MS = 10_000;

  private ServerSocketChannel server;
  private SocketChannel sender;
  private SocketChannel receiver;
  private ReceiveLowWater lowWater;
  private PollSet poll;

  @BeforeEach
  void connect() throws IOException {
    server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    sender = SocketChannel.open(server.getLocalAddress());
    receiver = server.accept();
    lowWater = new ReceiveLowWater(ChannelFd.of(receiver));
    poll = new PollSet(1);
    poll.set(0, ChannelFd.of(receiver));
  }

  @AfterEach
  void close() throws IOException {
    poll.close();
    lowWater.close();
    receiver.close();
    sender.close();
    server.close();
  }

  @Test
  void aSocketIsReadableOnceSoMuchHasCome() throws IOException {
    lowWater.set(100);
    sender.write(ByteBuffer.allocate(99));
    assertEquals(0, poll.poll(LITTLE_MS));
    sender.write(ByteBuffer.allocate(1));
    assertEquals(1, poll.poll(LONG_MS));
    lowWater.set(101);
    assertEquals(0, poll.poll(LITTLE_MS));
    lowWater.set(1);
    assertEquals(1, poll.poll(LONG_MS));
  }

  @Test
  void theEndIsReadableAtOnce() throws IOException {
    lowWater.set(100);
    sender.write(ByteBuffer.allocate(1));
    sender.close();
    assertEquals(1, poll.poll(LONG_MS));
  }
}
