package io.farpage.control;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ControlChannelTest {
  private SocketChannel peer;
  private ControlChannel channel;

  @BeforeEach
  void connect() throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      peer = SocketChannel.open(server.getLocalAddress());
      channel = new ControlChannel(PeerConnection.plain(server.accept()));
    }
  }

  @AfterEach
  void disconnect() throws IOException {
    peer.close();
    channel.close();
  }

  @Test
  void framesArriveAsTheyWereSent() throws IOException {
    final ControlChannel other = new ControlChannel(PeerConnection.plain(peer));
    final Hello hello =
        new Hello(
            "1",
            "vm",
            List.of("tcp"),
            "none here",
            List.of(new RegionInfo("m", 4096, 4096)),
            new LaneCounts(2, 1),
            null);
    other.send(FrameType.HELLO, hello);
    other.send(FrameType.PREPARED);
    other.send(FrameType.DEVICE_STATE, new byte[] {1, 2, 3, 4}, 3);
    assertEquals(hello, ControlChannel.decode(channel.receive(), Hello.class));
    assertEquals(FrameType.PREPARED, channel.receive().type());
    final Frame state = channel.receive();
    assertEquals(FrameType.DEVICE_STATE, state.type());
    assertArrayEquals(new byte[] {1, 2, 3}, state.payload());
  }

  @Test
  void theLongestFrameIsTakenAndALongerOneIsNot() throws Exception {
    final int longest = ControlChannel.MAX_PAYLOAD_BYTES;
    final Thread writer =
        new Thread(
            () -> {
              try {
                write(HexFormat.of().parseHex(String.format("%08x04", longest)));
                write(new byte[longest]);
                write(HexFormat.of().parseHex(String.format("%08x04", longest + 1)));
              } catch (final IOException e) {
                throw new AssertionError(e);
              }
            });
    writer.start();
    assertEquals(longest, channel.receive().payload().length);
    assertTrue(
        assertThrows(ProtocolException.class, channel::receive).getMessage().contains("at most"));
    writer.join();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ffffffff00", "8000000000", "7fffffff00"})
  void lengthsBeyondReasonAreRefusedBeforeMemoryIsTaken(final String header) throws IOException {
    write(HexFormat.of().parseHex(header));
    assertThrows(ProtocolException.class, channel::receive);
  }

  @Test
  void anUnknownTypeIsRefused() throws IOException {
    write(HexFormat.of().parseHex(String.format("00000000%02x", FrameType.values().length)));
    assertThrows(ProtocolException.class, channel::receive);
  }

  @Test
  void anEndWithinAFrameIsAnEnd() throws IOException {
    write(HexFormat.of().parseHex("0000000a0401"));
    peer.shutdownOutput();
    assertThrows(EOFException.class, channel::receive);
  }

  @Test
  void silenceEndsWhenTheTimeIsOver() throws IOException {
    channel.receiveTimeout(10);
    assertThrows(SocketTimeoutException.class, channel::receive);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{",
        "7",
        "{}",
        "{\"transports\":null,\"regions\":[]}",
        "{\"transports\":[\"tcp\"],\"regions\":[null]}",
        "{\"transports\":[\"tcp\"],\"regions\":[{\"id\":null}]}",
        "{\"transports\":[\"tcp\"],\"regions\":[{\"id\":\"m\",\"sizeBytes\":\"many\"}]}"
      })
  void aHelloThatSaysTooLittleIsRefused(final String json) {
    final Frame frame = new Frame(FrameType.HELLO, json.getBytes(StandardCharsets.UTF_8));
    final String message =
        assertThrows(ProtocolException.class, () -> ControlChannel.decode(frame, Hello.class))
            .getMessage();
    assertTrue(message.contains("HELLO"), message);
  }

  @Test
  void whatANewerPeerAddsIsIgnored() throws ProtocolException {
    final Frame frame =
        new Frame(
            FrameType.FAILED, "{\"message\":\"m\",\"more\":1}".getBytes(StandardCharsets.UTF_8));
    assertEquals("m", ControlChannel.decode(frame, Failure.class).message());
  }

  private void write(final byte[] bytes) throws IOException {
    final ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      peer.write(buffer);
    }
  }
}
