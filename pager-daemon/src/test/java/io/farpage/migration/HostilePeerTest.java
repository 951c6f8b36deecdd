package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.farpage.cli.DaemonProcess;
import io.farpage.cli.LocalMigration;
import io.farpage.control.ControlChannel;
import io.farpage.control.Failure;
import io.farpage.control.FrameType;
import io.farpage.control.Hello;
import io.farpage.control.LaneCounts;
import io.farpage.control.PeerConnection;
import io.farpage.control.Preface;
import io.farpage.control.RegionInfo;
import io.farpage.control.Welcome;
import io.farpage.guest.MachineType;
import io.farpage.guest.WriterGuest;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever comes to the source's port, or answers the destination, harms neither. */
@Tag("once")
@Timeout(120)
class HostilePeerTest {
  private static final int FAILED = 1;
  private static final int SIZE_MIB = 32;
  private static final byte[] NO_KEY = new byte[Preface.KEY_LENGTH];

  private interface Answer {
    void to(Socket client) throws IOException;
  }

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, (long) SIZE_MIB * MIB).stepsPerDot(1 << 14).build();
  private MigrationLab lab;
  private Vm source;

  @BeforeEach
  void startTheSource() throws IOException {
    lab = MigrationLab.open();
    source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
  }

  @AfterEach
  void stop() throws Exception {
    lab.close();
  }

  @Test
  void theSourceGoesOnListeningWhateverComesAndThenServesAProperDestination() throws Exception {
    final List<AutoCloseable> open = new ArrayList<>();
    try (LocalMigration migration =
        LocalMigration.startSource(source.qmpSocket(), lab.directory())) {
      final int port = migration.port();
      requireDropped(
          port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      requireDropped(port, HexFormat.of().parseHex("16030100f8010000f4030300010203040506070809"));
      requireDropped(port, preface(0, Preface.Purpose.CONTROL));
      requireDropped(port, preface(2, Preface.Purpose.CONTROL));
      requireDropped(port, preface(Preface.VERSION, Preface.Purpose.DEMAND_LANE));
      requireDropped(port, and(control(), "7fffffff00"));
      requireDropped(port, and(control(), "0010000100"));
      requireDropped(port, and(control(), "ffffffff00"));
      requireDropped(port, and(control(), "0000000063"));
      requireDropped(port, and(control(), "0000000000"));
      requireDropped(port, and(control(), "0000000002"));
      requireDropped(port, and(control(), frame("{}")));
      requireDropped(port, and(control(), frame("null")));
      requireDropped(port, and(control(), frame("{\"transports\":[null],\"regions\":[]}")));
      requireDropped(port, and(control(), frame("{\"transports\":[\"tcp\"],\"regions\":[{}]}")));
      requireDropped(port, and(control(), frame("{\"transports\":")));
      for (final int lanes : new int[] {-1, 0, 17, Integer.MAX_VALUE}) {
        requireDropped(
            port,
            and(
                control(),
                frame(
                    "{\"transports\":[],\"regions\":[],\"lanes\":{\"demand\":"
                        + lanes
                        + ",\"bulk\":1}}")));
      }
      // and these stay, and say nothing more
      for (int i = 0; i < 100; i++) {
        open.add(send(port, new byte[0]));
      }
      open.add(send(port, new byte[] {'F', 'A', 'R', 'P'}));
      open.add(send(port, control()));
      open.add(send(port, and(control(), "0000010000")));

      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      migration.startDestination(destination.qmpSocket());
      migration.await(MigrationLab.MIGRATION).orThrow();
      destination.requireWriting();
      destination.verify();
      lab.requireNothingLeftIn(destination);
      lab.requireNoState();
    } finally {
      for (final AutoCloseable each : open) {
        each.close();
      }
    }
  }

  @Test
  void aSecondDestinationIsTurnedAwayAndDoesNotDisturbTheFirst() throws Exception {
    final Vm first = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
    final Vm second = lab.destination(guest, lab.memory(SIZE_MIB, "c"));
    try (QmpGate gate = new QmpGate(source, "pre-switchover\"", "no such command");
        LocalMigration migration =
            LocalMigration.startSource(gate.socket(), lab.directory(), gate.pidOption())) {
      migration.startDestination(first.qmpSocket());
      gate.awaitHeld();
      Attempt.of(
              "dest",
              "--qmp=" + second.qmpSocket(),
              "--source=127.0.0.1:" + migration.port(),
              "--state-dir=" + migration.stateDirectory())
          .saying(FAILED, "another destination");
      assertEquals("inmigrate", second.runState());
      Untouched.requireNoUserfaultfd(second);
      gate.open();
      migration.await(MigrationLab.MIGRATION).orThrow();
      first.requireWriting();
      first.verify();
    }
  }

  @Test
  void aLaneNeedsTheKeyAndStaysWithinRam() throws Exception {
    final Untouched untouched = Untouched.before(source);
    try (LocalMigration migration =
        LocalMigration.startSource(source.qmpSocket(), lab.directory())) {
      final int port = migration.port();
      try (ControlChannel control = greet(port, (long) SIZE_MIB * MIB)) {
        final Welcome welcome = ControlChannel.decode(control.receive(), Welcome.class);
        final byte[] key = HexFormat.of().parseHex(welcome.sessionKey());
        final byte[] wrong = key.clone();
        wrong[0]++;
        requireDropped(port, preface(Preface.Purpose.DEMAND_LANE, wrong));
        requireDropped(port, preface(Preface.Purpose.BULK_LANE, NO_KEY));
        final byte[] lane = preface(Preface.Purpose.DEMAND_LANE, key);
        requireDropped(port, and(lane, request(1, 4096, 0)));
        requireDropped(port, and(lane, request(-1, 4096, 0)));
        requireDropped(port, and(lane, request(0, 4096, (long) SIZE_MIB * MIB)));
        requireDropped(port, and(lane, request(0, 8192, (long) SIZE_MIB * MIB - 4096)));
        requireDropped(port, and(lane, request(0, 0, 0)));
        requireDropped(port, and(lane, request(0, -1, 0)));
        requireDropped(port, and(lane, request(0, 4096, -4096)));
        requireDropped(port, and(lane, request(0, 4096, Long.MAX_VALUE)));
        control.send(FrameType.FAILED, new Failure("I have seen enough"));
        Attempt.endOf(migration.source()).saying(FAILED, "I have seen enough");
      }
      untouched.require();
      lab.requireNoState();
    }
  }

  @Test
  void aPeerThatBreaksTheRulesAfterItsGreetingEndsTheMigrationAndNotTheGuest() throws Exception {
    final Untouched untouched = Untouched.before(source);
    final String warmup = "000000000e";
    final String scan = "0000000011";
    final String caughtUp = "0000000014";
    final String startPostcopy = "0000000015";
    for (final String bad :
        List.of(
            "7fffffff03",
            "00000000ff",
            "0000000006",
            "0000000008",
            scan,
            caughtUp,
            startPostcopy,
            warmup + warmup,
            warmup + caughtUp,
            warmup + scan + scan + startPostcopy)) {
      try (LocalMigration migration =
              LocalMigration.startSource(source.qmpSocket(), lab.directory());
          Socket peer = send(migration.port(), and(control(), hello((long) SIZE_MIB * MIB)))) {
        peer.getInputStream().readNBytes(40);
        peer.getOutputStream().write(HexFormat.of().parseHex(bad));
        Attempt.endOf(migration.source()).saying(FAILED, "sent");
      }
      untouched.require();
    }
    lab.requireNoState();
  }

  @Test
  void theDestinationSaysWhatIsWrongWithItsSource() throws Exception {
    final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
    answered(
        destination,
        "protocol version 0",
        client -> write(client, preface(0, Preface.Purpose.CONTROL)));
    answered(
        destination,
        "protocol version 1",
        client -> write(client, preface(1, Preface.Purpose.CONTROL)));
    answered(
        destination,
        "is not Farpage",
        client -> write(client, "220 mail.example ESMTP\r\n".getBytes(StandardCharsets.US_ASCII)));
    answered(destination, "before it said who it is", client -> client.shutdownOutput());
    answered(destination, "at most", client -> write(client, and(control(), "7fffffff01")));
    answered(destination, "unknown type", client -> write(client, and(control(), "0000000063")));
    answered(destination, "WELCOME", client -> write(client, and(control(), "0000000001")));
    answered(destination, "too early", client -> write(client, and(control(), "0000000003")));
    answered(destination, "too early", client -> write(client, and(control(), "0000000005")));
    answered(
        destination,
        "connection to the source is lost",
        client -> {
          write(client, control());
          client.getInputStream().readNBytes(37);
        });
    assertEquals("inmigrate", destination.runState());
    Untouched.requireNoUserfaultfd(destination);
    lab.requireNoState();
  }

  /** A half of a preface, then nothing: takes the whole time-out. */
  @Test
  void aSourceThatFallsSilentIsGivenUp() throws Exception {
    final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
    answered(
        destination,
        "does not answer",
        client -> {
          write(client, new byte[] {'F', 'A', 'R', 'P'});
          client.getInputStream().readNBytes(33);
        });
  }

  private void answered(final Vm destination, final String words, final Answer answer)
      throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        DaemonProcess daemon =
            DaemonProcess.start(
                List.of(
                    "dest",
                    "--qmp=" + destination.qmpSocket(),
                    "--source=127.0.0.1:" + server.getLocalPort(),
                    "--state-dir=" + lab.directory().resolve("state"),
                    "--json"),
                line -> {})) {
      try (Socket client = server.accept()) {
        try {
          answer.to(client);
        } catch (final SocketException e) {
          // the daemon had seen enough before all was said
          assertEquals(FAILED, daemon.awaitExit(MigrationLab.BOOT), e::toString);
        }
        if (!words.equals("connection to the source is lost")) {
          daemon.awaitExit(MigrationLab.BOOT);
        }
      }
      Attempt.endOf(daemon).saying(FAILED, words);
    }
  }

  private ControlChannel greet(final int port, final long sizeBytes) throws IOException {
    final PeerConnection connection =
        PeerConnection.plain(
            SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    Preface.control().write(connection.out());
    Preface.read(connection.in()).requireVersion("source");
    final ControlChannel control = new ControlChannel(connection);
    control.send(
        FrameType.HELLO,
        new Hello(
            "1",
            "a test",
            List.of("tcp"),
            "",
            List.of(new RegionInfo("mem", sizeBytes, 4096)),
            new LaneCounts(1, 1),
            null));
    return control;
  }

  /** Sends, and requires that the source closes the connection. */
  private static void requireDropped(final int port, final byte[] bytes) throws IOException {
    try (Socket socket = send(port, bytes)) {
      socket.setSoTimeout(30_000);
      final InputStream in = socket.getInputStream();
      while (in.read() >= 0) {
        // its preface
      }
    } catch (final SocketException | EOFException e) {
      return; // closed with our bytes unread: a reset
    }
  }

  private static Socket send(final int port, final byte[] bytes) throws IOException {
    final Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.getOutputStream().write(bytes);
    return socket;
  }

  private static void write(final Socket socket, final byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  private static byte[] control() {
    return preface(Preface.VERSION, Preface.Purpose.CONTROL);
  }

  private static byte[] preface(final int version, final Preface.Purpose purpose) {
    return bytes(new Preface(version, purpose, NO_KEY));
  }

  private static byte[] preface(final Preface.Purpose purpose, final byte[] key) {
    return bytes(new Preface(Preface.VERSION, purpose, key));
  }

  private static byte[] bytes(final Preface preface) {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      preface.write(out);
    } catch (final IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  private static String hello(final long sizeBytes) {
    return frame(
        "{\"transports\":[\"tcp\"],\"lanes\":{\"demand\":1,\"bulk\":1},\"regions\":[{\"id\":\"mem\",\"sizeBytes\":"
            + sizeBytes
            + ",\"pageSizeBytes\":4096}]}");
  }

  /** A HELLO frame in hexadecimal. */
  private static String frame(final String json) {
    final byte[] payload = json.getBytes(StandardCharsets.UTF_8);
    return String.format("%08x00", payload.length) + HexFormat.of().formatHex(payload);
  }

  private static byte[] and(final byte[] first, final String hex) {
    return and(first, HexFormat.of().parseHex(hex));
  }

  private static byte[] and(final byte[] first, final byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  private static byte[] request(final int region, final int lengthBytes, final long offsetBytes) {
    return ByteBuffer.allocate(16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(region)
        .putInt(lengthBytes)
        .putLong(offsetBytes)
        .array();
  }
}
