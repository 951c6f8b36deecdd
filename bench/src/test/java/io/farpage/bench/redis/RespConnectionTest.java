package io.farpage.bench.redis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is on the wire, byte by byte. */
@Timeout(30)
class RespConnectionTest {
  private static final String REQUEST = "*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n";

  @FunctionalInterface
  private interface Talk {
    void with(RespConnection connection) throws IOException;
  }

  /** Answers one request, closes, and returns what the request was. */
  private static String talk(final String reply, final Talk client) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      final CompletableFuture<String> request =
          CompletableFuture.supplyAsync(() -> answer(server, reply));
      try (RespConnection connection =
          RespConnection.connect(
              new InetSocketAddress(server.getInetAddress(), server.getLocalPort()), 5000)) {
        client.with(connection);
      }
      return request.join();
    }
  }

  private static String answer(final ServerSocket server, final String reply) {
    try (Socket socket = server.accept();
        InputStream in = socket.getInputStream()) {
      final byte[] request = in.readNBytes(REQUEST.length());
      socket.getOutputStream().write(reply.getBytes(StandardCharsets.UTF_8));
      return new String(request, StandardCharsets.UTF_8);
    } catch (final IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object ask(final RespConnection connection) throws IOException {
    return connection.command("GET", "key:1");
  }

  @Test
  void aCommandIsAnArrayOfStrings() throws IOException {
    assertEquals(REQUEST, talk("+OK\r\n", connection -> ask(connection)));
  }

  @Test
  void everyTypeOfReplyIsUnderstood() throws IOException {
    talk(
        "*5\r\n:-7\r\n$4\r\na\r\nb\r\n$-1\r\n*0\r\n+fine\r\n",
        connection -> {
          final List<?> reply = (List<?>) ask(connection);
          assertEquals(-7L, reply.get(0));
          assertArrayEquals("a\r\nb".getBytes(StandardCharsets.UTF_8), (byte[]) reply.get(1));
          assertNull(reply.get(2));
          assertEquals(List.of(), reply.get(3));
          assertArrayEquals("fine".getBytes(StandardCharsets.UTF_8), (byte[]) reply.get(4));
        });
  }

  @Test
  void anErrorIsThrownWithItsText() throws IOException {
    talk(
        "-ERR no such thing\r\n",
        connection ->
            assertEquals(
                "ERR no such thing",
                assertThrows(RespException.class, () -> ask(connection)).getMessage()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "$5\r\nabc", "+no end", ":1"})
  void aConnectionThatEndsIsNoReply(final String reply) throws IOException {
    talk(reply, connection -> assertThrows(EOFException.class, () -> ask(connection)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"!\r\n", ":x\r\n", "$1\r\nabc\r\n", "+a\rb\r\n"})
  void whatIsNoReplyIsRefused(final String reply) throws IOException {
    talk(reply, connection -> assertThrows(RespException.class, () -> ask(connection)));
  }
}
