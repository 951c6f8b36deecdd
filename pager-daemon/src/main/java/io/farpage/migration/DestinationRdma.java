package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.ExtentsFrame;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.LaneCounts;
import io.farpage.control.MemoryFrame;
import io.farpage.control.Preface;
import io.farpage.control.ProtocolException;
import io.farpage.control.RdmaMessage;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.rdma.CompletionMode;
import io.farpage.transport.rdma.RdmaDestination;
import io.farpage.transport.rdma.RdmaPageLane;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The destination's side of RDMA, for one control connection.
 *
 * <p>Connecting and registering have a thread of their own. The lanes read over TCP until a session
 * is set up and its memory verified, and again when it breaks, for example because a link went
 * down; then a new session is asked for until there is one.
 */
final class DestinationRdma implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DestinationRdma.class);
  private static final long RENEWAL_PAUSE_MS = 1_000;
  private static final long CLOSE_TIMEOUT_S = 60;
  private static final long WITHDRAW_TIMEOUT_S = 60;

  private final ControlChannel control;
  private final Inbox inbox;
  private final MigrationListener listener;
  private final LocalMemory memory;
  private final List<RdmaPageLane> lanes;
  private final LaneCounts counts;
  private final int[] depths;
  private final CompletionMode completions;
  private final Extents stale;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            final Thread thread = new Thread(task, "rdma");
            thread.setDaemon(true);
            return thread;
          });

  private volatile boolean closed;
  private RdmaDestination rdma;
  private RdmaDestination broken;
  private int session;
  // the guest still runs: what is read is checked later, and read on one lane only
  private boolean provisional;
  private boolean verified;
  private boolean proved;
  private boolean settled;
  private volatile boolean lost;
  private boolean renewing;

  /** A thing to do on the thread of RDMA. */
  private interface Task {
    void run() throws IOException;
  }

  /**
   * Creates it without a session.
   *
   * @param memory where this process maps the guest's RAM
   * @param lanes the demand lanes, then the bulk lanes
   * @param counts how many of each
   * @param depths how many READs each has in flight at most
   * @param completions how the lanes wait for them
   * @param provisional whether the bulk lanes may read while the guest still runs on the source
   */
  DestinationRdma(
      final ControlChannel control,
      final LocalMemory memory,
      final List<RdmaPageLane> lanes,
      final LaneCounts counts,
      final int[] depths,
      final CompletionMode completions,
      final boolean provisional,
      final Inbox inbox,
      final MigrationListener listener) {
    this.control = control;
    this.memory = memory;
    this.lanes = List.copyOf(lanes);
    this.counts = counts;
    this.depths = depths.clone();
    this.completions = completions;
    this.provisional = provisional;
    this.inbox = inbox;
    this.listener = listener;
    stale = new Extents(memory.regionCount());
  }

  /** Asks for a session; {@link Signal.RdmaSettled} tells what became of it. */
  void start() {
    submit(this::request);
  }

  /** Returns whether there was a session and there is none now. */
  boolean isLost() {
    return lost;
  }

  /**
   * Ends reading while the guest runs: nothing is read with RDMA until the source has said what can
   * be trusted.
   */
  void withdraw() throws InterruptedException {
    final CountDownLatch done = new CountDownLatch(1);
    submit(
        () -> {
          provisional = false;
          if (rdma != null && !verified) {
            rdma.withdraw();
          }
          done.countDown();
        });
    done.await(WITHDRAW_TIMEOUT_S, TimeUnit.SECONDS);
  }

  /** Takes what the source says; from the control connection's reader. */
  void onFrame(final Frame frame) throws ProtocolException {
    switch (frame.type()) {
      case RDMA -> {
        final RdmaMessage message = ControlChannel.decode(frame, RdmaMessage.class);
        submit(() -> onMessage(message));
      }
      case MEMORY -> {
        final MemoryFrame memoryFrame = MemoryFrame.decode(frame.payload());
        submit(() -> onMemory(memoryFrame));
      }
      case STALE_MEMORY -> {
        final ExtentsFrame extents = ExtentsFrame.decode(frame.payload());
        submit(() -> onStale(extents));
      }
      default -> throw new ProtocolException("the source sent " + frame.type() + " as RDMA");
    }
  }

  /** A queue pair broke; from a lane's thread. */
  void onBreak(final String reason) {
    submit(
        () -> {
          if (rdma != null) {
            setAside();
            fail(new IOException("the connection broke: " + reason));
          }
        });
  }

  private void submit(final Task task) {
    try {
      executor.execute(() -> run(task));
    } catch (final RejectedExecutionException e) {
      LOG.debug("too late", e);
    }
  }

  private void run(final Task task) {
    if (closed) {
      return;
    }
    try {
      task.run();
    } catch (final IOException | RuntimeException e) {
      fail(e);
    }
  }

  private void request() throws IOException {
    renewing = false;
    session++;
    verified = false;
    proved = false;
    control.send(FrameType.RDMA, RdmaMessage.request(session));
  }

  private void onMessage(final RdmaMessage message) throws IOException {
    if (message.session() != session) {
      return; // about a session given up meanwhile
    }
    switch (message.step()) {
      case LISTENING -> connect(message);
      case FAILED -> {
        endSession();
        settle(message.why());
      }
      default -> throw new ProtocolException("the source said " + message.step());
    }
  }

  private void connect(final RdmaMessage message) throws IOException {
    if (message.port() == null || message.key() == null) {
      throw new ProtocolException("the source's RDMA address is malformed");
    }
    final byte[] key = parseKey(message.key());
    freeBroken();
    rdma =
        RdmaDestination.connect(
            new InetSocketAddress(control.peerAddress(), message.port()),
            SourceRdma.greetings(key, counts),
            depths,
            completions);
    rdma.attach(lanes);
  }

  private static byte[] parseKey(final String text) throws ProtocolException {
    try {
      final byte[] key = HexFormat.of().parseHex(text);
      if (key.length == Preface.KEY_LENGTH) {
        return key;
      }
    } catch (final IllegalArgumentException e) {
      LOG.debug("session key", e);
    }
    throw new ProtocolException("the source sent a malformed session key");
  }

  private void onMemory(final MemoryFrame frame) throws IOException {
    if (rdma == null || frame.session() != session) {
      return;
    }
    rdma.register(frame.extents(), memory);
    verified |= frame.is(MemoryFrame.VERIFIED);
    if (!frame.is(MemoryFrame.END)) {
      return;
    }
    if (frame.is(MemoryFrame.ENOUGH) && !proved) {
      rdma.rehearse();
      proved = true;
      listener.onMessage("READs by " + rdma.device());
    }
    if (verified) {
      rdma.publish();
    } else if (provisional) {
      rdma.publishProvisionally(counts.demand());
    }
    if (frame.is(MemoryFrame.ENOUGH)) {
      settle(null);
    }
    if (frame.is(MemoryFrame.ALL)) {
      listener.onMemoryRegistered(rdma.registeredBytes());
    }
  }

  private void onStale(final ExtentsFrame frame) throws ProtocolException {
    frame.requireWithin(memory);
    for (int i = 0; i < frame.count(); i++) {
      stale.add(frame.region(), frame.offsetBytes(i), frame.lengthBytes(i));
    }
    if (frame.last() && rdma != null) {
      provisional = false;
      rdma.discard(stale);
      rdma.publish();
      verified = true;
    }
  }

  private void fail(final Exception e) {
    LOG.debug("RDMA session {}", session, e);
    endSession();
    if (closed) {
      return;
    }
    final String why = Conductor.message(e);
    try {
      control.send(FrameType.RDMA, RdmaMessage.failed(session, why));
    } catch (final IOException gone) {
      LOG.debug("the source cannot be told", gone);
    }
    settle(why);
  }

  /** The first session decides which transport is used; later ones come and go. */
  private void settle(final String failure) {
    if (!settled) {
      settled = true;
      inbox.put(new Signal.RdmaSettled(failure));
    } else if (failure == null) {
      if (lost) {
        listener.onMessage("pages come over RDMA again");
      }
      lost = false;
    } else {
      if (!lost) {
        listener.onMessage("RDMA: " + failure + "; pages come over TCP until it is back");
      }
      renewLater();
    }
  }

  private void renewLater() {
    lost = true;
    if (renewing) {
      return; // both sides may notice the same break
    }
    renewing = true;
    try {
      executor.schedule(() -> run(this::request), RENEWAL_PAUSE_MS, TimeUnit.MILLISECONDS);
    } catch (final RejectedExecutionException e) {
      LOG.debug("too late", e);
    }
  }

  /** The link may be down: goodbye is said when the source can be heard again. */
  private void setAside() {
    rdma.abort();
    broken = rdma;
    rdma = null;
  }

  private void freeBroken() {
    if (broken != null) {
      broken.close();
      broken = null;
    }
  }

  private void endSession() {
    if (rdma != null) {
      rdma.close();
      rdma = null;
    }
  }

  /** Ends the session. The lanes must be polled until then, or closed before. */
  @Override
  public void close() {
    closed = true;
    executor.shutdownNow();
    try {
      if (!executor.awaitTermination(CLOSE_TIMEOUT_S, TimeUnit.SECONDS)) {
        return; // it still registers: everything ends with the process
      }
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    endSession();
    freeBroken();
  }
}
