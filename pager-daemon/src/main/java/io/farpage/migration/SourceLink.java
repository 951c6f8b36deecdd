package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.FrameType;
import io.farpage.control.LaneCounts;
import io.farpage.control.Preface;
import io.farpage.control.ProtocolException;
import io.farpage.control.Welcome;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.StripedLane;
import io.farpage.transport.rdma.CompletionMode;
import io.farpage.transport.rdma.RdmaPageLane;
import io.farpage.transport.tcp.TcpPageLane;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The destination's connections to the source: the control connection, and the lanes: one for each
 * demand agent, and some for bulk.
 */
final class SourceLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceLink.class);
  private static final int DEMAND_READS = 256;
  private static final int BULK_READS = 64;
  private static final long BULK_BYTES_IN_FLIGHT = 64 << 20;

  private final SourceConnector connector;
  private ControlChannel control;
  private List<PageLane> demandLanes = List.of();
  private List<PageLane> bulkLanes = List.of();
  private PageLane bulkLane;
  private DestinationRdma rdma;
  private List<RdmaPageLane> oneSided = List.of();

  SourceLink(final DestinationOptions options) throws MigrationException {
    connector = new SourceConnector(options.source(), options.wire());
  }

  /** Opens the control connection. */
  ControlChannel connect() throws MigrationException, IOException {
    control = new ControlChannel(connector.connect(Preface.control()));
    return control;
  }

  /** Opens the lanes of the session that the source has welcomed this side to. */
  void openLanes(final Welcome welcome, final LocalMemory memory, final LaneCounts counts)
      throws MigrationException, IOException {
    final byte[] key = sessionKey(welcome);
    final List<PageLane> opened = new ArrayList<>();
    demandLanes = opened;
    for (int i = 0; i < counts.demand(); i++) {
      opened.add(openLane(Preface.Purpose.DEMAND_LANE, key, memory, DEMAND_READS, Long.MAX_VALUE));
    }
    final List<PageLane> bulk = new ArrayList<>();
    bulkLanes = bulk;
    for (int i = 0; i < counts.bulk(); i++) {
      bulk.add(openLane(Preface.Purpose.BULK_LANE, key, memory, BULK_READS, BULK_BYTES_IN_FLIGHT));
    }
  }

  private PageLane openLane(
      final Preface.Purpose purpose,
      final byte[] key,
      final LocalMemory memory,
      final int reads,
      final long bytes)
      throws MigrationException, IOException {
    final Preface preface = new Preface(Preface.VERSION, purpose, key);
    return new TcpPageLane(connector.connect(preface).toLane(), memory, reads, bytes);
  }

  private static byte[] sessionKey(final Welcome welcome) throws ProtocolException {
    try {
      final byte[] key = HexFormat.of().parseHex(welcome.sessionKey());
      if (key.length == Preface.KEY_LENGTH) {
        return key;
      }
    } catch (final IllegalArgumentException | NullPointerException e) {
      LOG.debug("session key", e);
    }
    throw new ProtocolException("the source sent a malformed session key");
  }

  /**
   * Has the lanes read with RDMA as soon as there is a session.
   *
   * @param provisional whether the bulk lane may read before the source's guest has stopped
   * @param onLost told at once, on any thread, when a queue pair breaks
   */
  DestinationRdma startRdma(
      final LocalMemory memory,
      final CompletionMode completions,
      final boolean provisional,
      final Runnable onLost,
      final Inbox inbox,
      final MigrationListener listener)
      throws IOException {
    // the lanes report a break to an object that needs them first
    final AtomicReference<DestinationRdma> session = new AtomicReference<>();
    final RdmaPageLane.BreakListener onBreak =
        reason -> {
          onLost.run();
          session.get().onBreak(reason);
        };
    final List<RdmaPageLane> lanes = new ArrayList<>();
    for (final PageLane lane : demandLanes) {
      lanes.add(new RdmaPageLane(lane, memory, DEMAND_READS, Long.MAX_VALUE, onBreak));
    }
    demandLanes = List.copyOf(lanes);
    final LaneCounts counts = new LaneCounts(demandLanes.size(), bulkLanes.size());
    for (final PageLane lane : bulkLanes) {
      lanes.add(new RdmaPageLane(lane, memory, BULK_READS, BULK_BYTES_IN_FLIGHT, onBreak));
    }
    oneSided = List.copyOf(lanes);
    final List<RdmaPageLane> bulk = oneSided.subList(counts.demand(), counts.total());
    bulkLanes = List.copyOf(bulk);
    final int[] depths = new int[counts.total()];
    Arrays.fill(depths, BULK_READS);
    Arrays.fill(depths, 0, counts.demand(), DEMAND_READS);
    rdma =
        new DestinationRdma(
            control, memory, oneSided, counts, depths, completions, provisional, inbox, listener);
    session.set(rdma);
    rdma.start();
    return rdma;
  }

  /** Returns where the source is. */
  InetSocketAddress sourceAddress() {
    return connector.address();
  }

  /** Returns the bytes that one-sided READs have brought so far. */
  long oneSidedBytes() {
    return oneSided.stream().mapToLong(RdmaPageLane::oneSidedBytes).sum();
  }

  List<PageLane> demandLanes() {
    return demandLanes;
  }

  /** Returns the lanes for bulk as one; from now on RDMA cannot be started any more. */
  PageLane bulkLane() throws IOException {
    if (bulkLane == null) {
      bulkLane = StripedLane.of(bulkLanes);
    }
    return bulkLane;
  }

  /** Sends an empty frame, and says whether it could be sent. */
  boolean trySend(final FrameType type) {
    return trySend(type, () -> control.send(type));
  }

  /** Sends a frame with JSON, and says whether it could be sent. */
  boolean trySend(final FrameType type, final Object value) {
    return trySend(type, () -> control.send(type, value));
  }

  /** Something that is sent. */
  private interface Sending {
    void run() throws IOException;
  }

  private boolean trySend(final FrameType type, final Sending sending) {
    if (control == null) {
      return false;
    }
    try {
      sending.run();
      return true;
    } catch (final IOException e) {
      LOG.debug("the source cannot be told {}", type, e);
      return false;
    }
  }

  @Override
  public void close() {
    demandLanes.forEach(PageLane::close);
    if (bulkLane == null) {
      bulkLanes.forEach(PageLane::close);
    } else {
      bulkLane.close();
    }
    if (rdma != null) {
      rdma.close();
    }
    if (control != null) {
      control.close();
    }
  }
}
