package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.FrameType;
import io.farpage.control.Preface;
import io.farpage.control.ProtocolException;
import io.farpage.control.Welcome;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.rdma.CompletionMode;
import io.farpage.transport.rdma.RdmaPageLane;
import io.farpage.transport.tcp.TcpPageLane;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The destination's connections to the source: the control connection, and the two lanes. */
final class SourceLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceLink.class);
  private static final int DEMAND_READS = 256;
  private static final int BULK_READS = 64;
  private static final long BULK_BYTES_IN_FLIGHT = 1 << 20;

  /** READs in flight at most, on the demand lane and on the bulk lane. */
  private static final int[] RDMA_DEPTHS = {DEMAND_READS, BULK_READS};

  private final SourceConnector connector;
  private ControlChannel control;
  private PageLane demandLane;
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

  /** Opens both lanes of the session that the source has welcomed this side to. */
  void openLanes(final Welcome welcome, final LocalMemory memory)
      throws MigrationException, IOException {
    final byte[] key = sessionKey(welcome);
    demandLane = openLane(Preface.Purpose.DEMAND_LANE, key, memory, DEMAND_READS, Long.MAX_VALUE);
    bulkLane = openLane(Preface.Purpose.BULK_LANE, key, memory, BULK_READS, BULK_BYTES_IN_FLIGHT);
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
   * Has both lanes read with RDMA as soon as there is a session.
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
    final RdmaPageLane demand =
        new RdmaPageLane(demandLane, memory, DEMAND_READS, Long.MAX_VALUE, onBreak);
    demandLane = demand;
    final RdmaPageLane bulk =
        new RdmaPageLane(bulkLane, memory, BULK_READS, BULK_BYTES_IN_FLIGHT, onBreak);
    bulkLane = bulk;
    oneSided = List.of(demand, bulk);
    rdma =
        new DestinationRdma(
            control, memory, oneSided, RDMA_DEPTHS, completions, provisional, inbox, listener);
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

  PageLane demandLane() {
    return demandLane;
  }

  PageLane bulkLane() {
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
    if (demandLane != null) {
      demandLane.close();
    }
    if (bulkLane != null) {
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
