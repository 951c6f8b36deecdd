package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.FrameType;
import io.farpage.control.LaneCounts;
import io.farpage.control.MemoryFrame;
import io.farpage.control.Preface;
import io.farpage.control.RdmaMessage;
import io.farpage.linux.RamFile;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.rdma.RdmaSource;
import io.farpage.transport.rdma.RegistrationPlan;
import io.farpage.transport.rdma.RemoteExtent;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source's side of RDMA, for one control connection.
 *
 * <p>Registering takes seconds for each GiB, so it begins while the guest runs, and has a thread of
 * its own. When the guest has stopped it is found out which registered pages are not the guest's
 * any more, and what data came since is registered as well; until then the destination reads those
 * pages over TCP. After the last MEMORY frame the destination needs this process no more, until all
 * has arrived.
 */
final class SourceRdma implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceRdma.class);
  private static final long JOIN_TIMEOUT_NS = 150_000_000_000L;
  private static final long CLOSE_TIMEOUT_S = 60;

  /** New data of less than this, or of 1 %, can wait until the guest has stopped. */
  private static final long SMALL_BYTES = 32L << 20;

  private static final int MAX_ROUNDS = 8;

  private final ControlChannel control;
  private final Inbox inbox;
  private final MigrationListener listener;
  private final ExtentScanner scanner;
  private final RamFile[] files;
  private final LocalMemory memory;
  private final LaneCounts lanes;
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(
          task -> {
            final Thread thread = new Thread(task, "rdma");
            thread.setDaemon(true);
            return thread;
          });

  private volatile boolean closed;
  private volatile int abandonedSession;
  private RdmaSource rdma;
  private int session;
  private Extents covered;
  private Extents dataAtStop;
  private boolean stopped;

  /** A thing to do on the thread of RDMA. */
  private interface Task {
    void run() throws IOException;
  }

  /**
   * Maps the RAM files for registering.
   *
   * @param vmm the source's VMM
   * @param scanned the RAM files
   * @param lanes how many queue pairs the destination will have for what
   * @param stopped whether the guest has stopped already
   */
  SourceRdma(
      final ControlChannel control,
      final Vmm vmm,
      final RamFile[] scanned,
      final LaneCounts lanes,
      final boolean stopped,
      final Inbox inbox,
      final MigrationListener listener)
      throws IOException {
    this.control = control;
    this.lanes = lanes;
    this.stopped = stopped;
    this.inbox = inbox;
    this.listener = listener;
    scanner = new ExtentScanner(vmm, scanned);
    files = new RamFile[scanned.length];
    covered = new Extents(files.length);
    memory = map(vmm.ram());
  }

  private LocalMemory map(final List<RamRegion> regions) throws IOException {
    final long[] addresses = new long[files.length];
    final long[] lengths = new long[files.length];
    try {
      for (int i = 0; i < files.length; i++) {
        files[i] = RamFile.open(regions.get(i).path(), true);
        addresses[i] = files[i].map();
        lengths[i] = regions.get(i).sizeBytes();
      }
    } catch (final IOException e) {
      closeFiles();
      throw e;
    }
    return new LocalMemory(addresses, lengths);
  }

  /** Takes what the destination says; from the control connection's reader. */
  void onMessage(final RdmaMessage message) {
    switch (message.step()) {
      case REQUEST -> submit(() -> begin(message.session()));
      case FAILED -> {
        abandonedSession = message.session();
        submit(
            () -> {
              endSession();
              inbox.put(new Signal.RdmaGivenUp(message.why()));
            });
      }
      default -> LOG.warn("the destination said {} at the wrong time", message.step());
    }
  }

  /**
   * The guest has stopped: what is registered can be checked.
   *
   * @return done when the destination has been told what not to trust; false when it cannot be told
   */
  CompletableFuture<Boolean> guestStopped() {
    final CompletableFuture<Boolean> told = new CompletableFuture<>();
    submit(
        () -> {
          try {
            stopped = true;
            if (rdma != null) {
              verify();
            }
            told.complete(true);
          } finally {
            told.complete(false); // unless it is complete
          }
        });
    return told;
  }

  /** It is known where the stopped guest has data. */
  void dataKnown(final Extents data) {
    submit(
        () -> {
          dataAtStop = data;
          if (rdma != null) {
            registerRest();
          }
        });
  }

  private void submit(final Task task) {
    try {
      executor.execute(
          () -> {
            if (closed) {
              return;
            }
            try {
              task.run();
            } catch (final IOException | RuntimeException e) {
              fail(e);
            }
          });
    } catch (final RejectedExecutionException e) {
      LOG.debug("too late", e);
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
      LOG.debug("the destination cannot be told", gone);
    }
    inbox.put(new Signal.RdmaGivenUp(why));
  }

  private void begin(final int number) throws IOException {
    endSession();
    session = number;
    final byte[] key = new byte[Preface.KEY_LENGTH];
    new SecureRandom().nextBytes(key);
    rdma = RdmaSource.listen(control.localAddress(), greetings(key, lanes));
    control.send(
        FrameType.RDMA, RdmaMessage.listening(session, rdma.port(), HexFormat.of().formatHex(key)));
    final long deadline = System.nanoTime() + JOIN_TIMEOUT_NS;
    while (!rdma.isComplete()) {
      if (closed || abandonedSession == session) {
        endSession();
        return;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("the destination's RDMA connections did not come");
      }
      rdma.accept();
    }
    if (stopped) {
      registerRest();
    } else {
      registerRunning();
    }
  }

  /** Returns what the connections of a session say first: those for demand, then those for bulk. */
  static byte[][] greetings(final byte[] key, final LaneCounts lanes) {
    final byte[][] greetings = new byte[lanes.total()][];
    Arrays.fill(greetings, new Preface(Preface.VERSION, Preface.Purpose.BULK_LANE, key).encode());
    Arrays.fill(
        greetings,
        0,
        lanes.demand(),
        new Preface(Preface.VERSION, Preface.Purpose.DEMAND_LANE, key).encode());
    return greetings;
  }

  /** In rounds, since the guest goes on allocating, until little is new. */
  private void registerRunning() throws IOException {
    for (int round = 1; !closed; round++) {
      final long newBytes = register(scanner.scan());
      final boolean enough =
          round == MAX_ROUNDS || newBytes < Math.max(SMALL_BYTES, covered.totalBytes() / 100);
      if (enough) {
        sendFlags(MemoryFrame.END | MemoryFrame.ENOUGH);
        tell("");
        return;
      }
    }
  }

  private void verify() throws IOException {
    final Extents stale = RegisteredPages.stale(covered, memory);
    covered = covered.minus(stale);
    ExtentSender.send(control, FrameType.STALE_MEMORY, stale);
    LOG.debug("{} registered bytes are not the guest's any more", stale.totalBytes());
  }

  private void registerRest() throws IOException {
    if (dataAtStop == null) {
      return; // comes soon
    }
    final long late = register(dataAtStop);
    sendFlags(MemoryFrame.END | MemoryFrame.ENOUGH | MemoryFrame.VERIFIED | MemoryFrame.ALL);
    tell(late == covered.totalBytes() ? "" : ", " + (late >> 10) + " KiB of it after the stop");
  }

  private void tell(final String more) {
    listener.onMessage(
        "registered "
            + (rdma.registeredBytes() >> 20)
            + " MiB for RDMA on "
            + control.localAddress().getHostAddress()
            + more);
  }

  private long register(final Extents data) throws IOException {
    final Extents fresh = RegistrationPlan.of(data.minus(covered));
    final List<RemoteExtent> extents = rdma.register(fresh, memory);
    covered = covered.plus(fresh);
    for (int at = 0; at < extents.size(); at += MemoryFrame.MAX_EXTENTS) {
      final int end = Math.min(extents.size(), at + MemoryFrame.MAX_EXTENTS);
      send(new MemoryFrame(session, 0, extents.subList(at, end)));
    }
    return fresh.totalBytes();
  }

  private void sendFlags(final int flags) throws IOException {
    send(new MemoryFrame(session, flags, List.of()));
  }

  private void send(final MemoryFrame frame) throws IOException {
    final byte[] payload = frame.encode();
    control.send(FrameType.MEMORY, payload, payload.length);
  }

  private void endSession() {
    if (rdma != null) {
      rdma.close();
      rdma = null;
    }
    covered = new Extents(files.length);
  }

  private void closeFiles() {
    for (final RamFile file : files) {
      if (file != null) {
        file.close();
      }
    }
  }

  /** Ends the session; from now on nothing is sent or registered. */
  @Override
  public void close() {
    closed = true;
    executor.shutdown();
    try {
      if (!executor.awaitTermination(CLOSE_TIMEOUT_S, TimeUnit.SECONDS)) {
        return; // it still registers: everything ends with the process
      }
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    endSession();
    closeFiles();
  }
}
