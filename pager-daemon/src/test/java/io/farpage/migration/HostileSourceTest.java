package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.cli.DaemonProcess;
import io.farpage.control.ControlChannel;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.PageSetFrame;
import io.farpage.control.PeerConnection;
import io.farpage.control.Preface;
import io.farpage.control.RegionInfo;
import io.farpage.control.Tracking;
import io.farpage.control.Welcome;
import io.farpage.guest.MachineType;
import io.farpage.guest.WriterGuest;
import io.farpage.prefetch.PageBits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A source that knows the key, and does not keep to the order of a warm-up. */
@Tag("once")
@Timeout(120)
class HostileSourceTest {
  private static final int FAILED = 1;
  private static final int SIZE_MIB = 32;
  private static final long PAGES = SIZE_MIB * MIB / 4096;
  private static final Tracking TRACKING = new Tracking("wp-async", true, null, 1);

  /** What a source does when the destination wants its warm-up. */
  private interface Breach {
    void commit(ControlChannel control) throws IOException;
  }

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, SIZE_MIB * MIB).stepsPerDot(1 << 14).build();
  private MigrationLab lab;

  @BeforeEach
  void open() throws IOException {
    lab = MigrationLab.open();
  }

  @AfterEach
  void close() throws Exception {
    lab.close();
  }

  @Test
  void pagesAreNamedOnlyWhenItIsTheirTurn() throws Exception {
    answering(
        "UNCLEAN_PAGES at the wrong time",
        control -> {
          control.send(FrameType.TRACKING, TRACKING);
          sendNone(control, FrameType.UNCLEAN_PAGES);
        });
    answering(
        "UNCLEAN_PAGES at the wrong time",
        control -> {
          begin(control);
          sendNone(control, FrameType.UNCLEAN_PAGES);
        });
    answering("DATA_PAGES at the wrong time", c -> sendNone(c, FrameType.DATA_PAGES));
    answering(
        "WRITTEN_PAGES at the wrong time",
        control -> {
          control.send(FrameType.TRACKING, TRACKING);
          sendNone(control, FrameType.WRITTEN_PAGES);
        });
    answering(
        "DATA_PAGES at the wrong time",
        control -> {
          begin(control);
          sendNone(control, FrameType.DATA_PAGES);
        });
  }

  @Test
  void theGuestDoesNotComeBeforeItIsKnownWhatIsMissing() throws Exception {
    answering(
        "DEVICE_STATE_END before UNCLEAN_PAGES",
        control -> {
          begin(control);
          control.send(FrameType.DEVICE_STATE_END);
        });
    answering("STOPPED at the wrong time", control -> control.send(FrameType.STOPPED));
  }

  @Test
  void aSetOfPagesIsWellFormedAndWithinTheRam() throws Exception {
    final String malformed = "malformed set of pages";
    answering(malformed, control -> control.send(FrameType.DATA_PAGES, new byte[23], 23));
    answering(malformed, control -> send(control, set(PAGES - 63, 64, 0, -1)));
    answering(malformed, control -> send(control, set(-64, 64, 0, -1)));
    answering(malformed, control -> send(control, set(Long.MAX_VALUE, 64, 0, -1)));
    answering(malformed, control -> send(control, set(0, -1, 0)));
    answering(malformed, control -> send(control, set(0, Integer.MAX_VALUE, 2)));
    answering(malformed, control -> send(control, set(0, 128, 0, -1)));
    answering(malformed, control -> send(control, set(0, 64, 2, -1)));
  }

  @Test
  void withoutAWarmupNothingIsSaidOfOne() throws Exception {
    for (final FrameType type : List.of(FrameType.TRACKING, FrameType.UNCLEAN_PAGES)) {
      met(
          List.of("--mode=postcopy"),
          FrameType.PREPARED,
          control -> sendNone(control, type),
          "the source sent " + type + " without a warm-up");
    }
  }

  /** Promises a warm-up, with a few pages to read. */
  private static void begin(final ControlChannel control) throws IOException {
    control.send(FrameType.TRACKING, TRACKING);
    final PageBits data = PageBits.allocate(PAGES);
    data.setRange(0, 8);
    PageSetFrame.send(control, FrameType.DATA_PAGES, data, 1, false);
  }

  private static void sendNone(final ControlChannel control, final FrameType type)
      throws IOException {
    PageSetFrame.send(control, type, PageBits.allocate(PAGES), 1, false);
  }

  private static void send(final ControlChannel control, final ByteBuffer set) throws IOException {
    control.send(FrameType.TRACKING, TRACKING);
    control.send(FrameType.DATA_PAGES, set.array(), set.position());
  }

  private static ByteBuffer set(
      final long first, final int count, final int flags, final long... words) {
    final ByteBuffer set = ByteBuffer.allocate(24 + 8 * words.length);
    set.putLong(first).putInt(count).putInt(flags).putLong(0);
    for (final long word : words) {
      set.putLong(word);
    }
    return set;
  }

  private void answering(final String words, final Breach breach) throws Exception {
    met(List.of("--mode=hybrid"), FrameType.WARMUP, breach, words);
  }

  /** A destination that meets such a source says what it did, and its QEMU has not the guest. */
  private void met(
      final List<String> options, final FrameType after, final Breach breach, final String words)
      throws Exception {
    final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      final int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
      final ArrayList<String> arguments =
          new ArrayList<>(
              List.of(
                  "dest",
                  "--qmp=" + destination.qmpSocket(),
                  "--source=127.0.0.1:" + port,
                  "--state-dir=" + lab.directory().resolve("state"),
                  "--json"));
      arguments.addAll(options);
      try (DaemonProcess daemon = DaemonProcess.start(arguments, line -> {});
          PeerConnection first = accept(server);
          ControlChannel control = new ControlChannel(first)) {
        await(control, FrameType.HELLO);
        control.send(FrameType.WELCOME, welcome());
        try (PeerConnection demand = accept(server);
            PeerConnection bulk = accept(server)) {
          await(control, after);
          breach.commit(control);
          final Attempt attempt = Attempt.endOf(daemon).saying(FAILED, words);
          assertTrue(
              attempt.output().stream().noneMatch(line -> line.contains("RESUME")),
              attempt::toString);
          demand.close();
          bulk.close();
        }
      }
    }
    destination.qemu().awaitExit(Duration.ofSeconds(10));
    lab.requireNoState();
  }

  private static PeerConnection accept(final ServerSocketChannel server) throws IOException {
    final PeerConnection connection = PeerConnection.plain(server.accept());
    final Preface preface = Preface.read(connection.in());
    new Preface(Preface.VERSION, preface.purpose(), new byte[Preface.KEY_LENGTH])
        .write(connection.out());
    return connection;
  }

  private static void await(final ControlChannel control, final FrameType type) throws IOException {
    Frame frame = control.receive();
    while (frame.type() != type) {
      frame = control.receive();
    }
  }

  private static Welcome welcome() {
    return new Welcome(
        "1",
        "a test",
        UUID.randomUUID().toString(),
        "00".repeat(Preface.KEY_LENGTH),
        "tcp",
        "",
        List.of(new RegionInfo("mem", SIZE_MIB * MIB, 4096)));
  }
}
