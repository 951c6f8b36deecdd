package io.farpage.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.vmm.RealQemu;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class QmpBadPeerTest {
  private static final Duration SHORT = Duration.ofMillis(300);

  @TempDir Path directory;

  @Test
  void aPathThatIsNotThereNamesTheOptionThatMakesIt() {
    Path socket = directory.resolve("qmp");
    QmpException e = assertThrows(QmpClosedException.class, () -> QmpClient.connect(socket, SHORT));
    assertEquals(
        "no such QMP socket: "
            + socket
            + "; start QEMU with -qmp unix:"
            + socket
            + ",server=on,wait=off",
        e.getMessage());
  }

  @Test
  void aPathBelowAFileIsNotThereEither() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertSays(QmpClosedException.class, file.resolve("qmp"), "no such QMP socket: ");
  }

  @Test
  void aPlainFileIsNotASocket() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertSays(
        QmpClosedException.class,
        file,
        file + " is not a socket; name the UNIX socket of QEMU's option -qmp");
  }

  @Test
  void aSocketThatNobodyListensOnIsStale() throws IOException {
    Path socket = directory.resolve("stale");
    ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(socket))
        .close();
    assertSays(
        QmpClosedException.class,
        socket,
        "nobody listens on the QMP socket " + socket + ": it is stale; is that QEMU running?");
  }

  @Test
  void aForbiddenSocketNamesTheUser() {
    // Root may open everything, so this case is made from what the JDK reports.
    QmpException e =
        QmpSocket.explained(Path.of("/run/qmp"), new SocketException("Permission denied"));
    assertEquals(
        "no permission for the QMP socket /run/qmp; run Farpage as root or as the user that QEMU runs as",
        e.getMessage());
  }

  @Test
  void aQmpSocketInUseByAnotherClientTimesOutAndAsksForASecondOne() throws IOException {
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient other = qemu.connect()) {
      assertSays(
          QmpTimeoutException.class,
          qemu.socket(),
          "another client (e.g. libvirt) holds it",
          "give Farpage its own: add a second -qmp unix:");
      assertFalse(other.execute("query-status").isEmpty(), "the other client is not disturbed");
    }
  }

  @Test
  void aQmpSocketWhoseQueueOfClientsIsFullTimesOutToo() throws IOException {
    List<Thread> waiting = new ArrayList<>();
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient other = qemu.connect()) {
      for (int i = 0; i < 6; i++) {
        Thread client =
            new Thread(
                () ->
                    assertThrows(
                        QmpTimeoutException.class,
                        () -> QmpClient.connect(qemu.socket(), Duration.ofSeconds(2))));
        client.start();
        waiting.add(client);
      }
      Thread.sleep(300);
      assertSays(QmpTimeoutException.class, qemu.socket(), "add a second -qmp unix:");
      assertFalse(other.isClosed());
      for (Thread client : waiting) {
        client.join();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aSilentSocketTimesOut() throws IOException {
    try (FakePeer peer = FakePeer.that(FakePeer::hang)) {
      assertSays(QmpTimeoutException.class, peer.socket(), "sends no QMP greeting within 300 ms");
    }
  }

  @Test
  void aPeerThatClosesAtOnceIsNotQmp() throws IOException {
    try (FakePeer peer = FakePeer.that(client -> {})) {
      assertSays(
          QmpProtocolException.class,
          peer.socket(),
          "is not a QMP socket: it closed the connection without a QMP greeting; name the socket of QEMU's option -qmp");
    }
  }

  @Test
  void qemusHumanMonitorIsNamedByWhatItSays() throws IOException {
    try (RealQemu qemu = RealQemu.withSharedRam("-monitor", "unix:DIR/hmp,server=on,wait=off")) {
      assertSays(
          QmpProtocolException.class,
          qemu.directory().resolve("hmp"),
          "is not a QMP socket: it sent '",
          "QEMU",
          "monitor - type 'help'");
    }
  }

  @Test
  void aPeerThatSendsHalfALineIsNamedByIt() throws IOException {
    try (FakePeer peer =
        FakePeer.that(
            client -> {
              FakePeer.send(client, "RFB 003.008");
              FakePeer.hang(client);
            })) {
      assertSays(
          QmpProtocolException.class, peer.socket(), "it sent 'RFB 003.008' and no QMP greeting");
    }
  }

  @Test
  void aPeerThatSendsHalfAGreetingAndClosesIsNotQmp() throws IOException {
    try (FakePeer peer = FakePeer.that(client -> FakePeer.send(client, "{\"QMP\": {"))) {
      assertSays(
          QmpProtocolException.class,
          peer.socket(),
          "it sent '{\"QMP\": {' and closed the connection");
    }
  }

  @Test
  void binaryGarbageIsShownWithoutControlCharacters() throws IOException {
    try (FakePeer peer =
        FakePeer.that(
            client -> FakePeer.send(client, new byte[] {0, 1, (byte) 0xff, 'h', 'i', 27, '\n'}))) {
      QmpException e =
          assertSays(
              QmpProtocolException.class, peer.socket(), "is not a QMP socket: it sent '.hi.'");
      assertTrue(e.getMessage().chars().noneMatch(Character::isISOControl), e.getMessage());
    }
  }

  @Test
  void jsonThatIsNoGreetingIsNotQmp() throws IOException {
    try (FakePeer peer =
        FakePeer.that(client -> FakePeer.send(client, "{\"jsonrpc\": \"2.0\"}\n"))) {
      assertSays(
          QmpProtocolException.class,
          peer.socket(),
          "sent '{\"jsonrpc\": \"2.0\"}' instead of a QMP greeting");
    }
  }

  @Test
  void aLineWithoutEndIsCutOff() throws IOException {
    byte[] flood = new byte[1 << 20];
    java.util.Arrays.fill(flood, (byte) 'x');
    try (FakePeer peer =
        FakePeer.that(
            client -> {
              while (true) {
                FakePeer.send(client, flood);
              }
            })) {
      QmpException e =
          assertThrows(
              QmpProtocolException.class,
              () -> QmpClient.connect(peer.socket(), Duration.ofSeconds(30)));
      assertTrue(e.getMessage().contains("more than 67108864 bytes"), e.getMessage());
    }
  }

  @Test
  void garbageAfterTheGreetingEndsTheSession() throws IOException {
    try (FakePeer peer =
            FakePeer.greetingThen(
                client -> {
                  FakePeer.receive(client);
                  FakePeer.send(client, "oops\n");
                });
        QmpClient client = QmpClient.connect(peer.socket(), RealQemu.TIMEOUT)) {
      QmpException e =
          assertThrows(QmpProtocolException.class, () -> client.execute("query-status"));
      assertTrue(e.getMessage().contains("it sent 'oops'"), e.getMessage());
      assertTrue(client.isClosed());
      assertThrows(QmpException.class, () -> client.execute("query-status"));
    }
  }

  @Test
  void answersThatAreNotUtf8OrOverMegabytesLongAreRead() throws IOException {
    String megabytes = "y".repeat(20 << 20);
    try (FakePeer peer =
            FakePeer.greetingThen(
                client -> {
                  FakePeer.receive(client);
                  FakePeer.send(client, "{\"id\": 2, \"return\": \"");
                  FakePeer.send(client, new byte[] {(byte) 0xc3, '('});
                  FakePeer.send(client, "\"}\n\n{\"id\": 7, \"return\": {}}\n");
                  FakePeer.receive(client);
                  FakePeer.send(client, "{\"id\": 3, \"return\": \"" + megabytes + "\"}\n");
                  FakePeer.hang(client);
                });
        QmpClient client = QmpClient.connect(peer.socket(), RealQemu.TIMEOUT)) {
      assertEquals("\uFFFD(", client.execute("query-name").asText());
      JsonNode longAnswer = client.execute("query-qmp-schema");
      assertEquals(megabytes.length(), longAnswer.asText().length());
    }
  }

  private static QmpException assertSays(
      Class<? extends QmpException> type, Path socket, String... parts) {
    QmpException e = assertThrows(type, () -> QmpClient.connect(socket, SHORT));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    return e;
  }
}
