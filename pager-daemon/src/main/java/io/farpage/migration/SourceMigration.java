package io.farpage.migration;

import io.farpage.FarpageVersion;
import io.farpage.control.ControlChannel;
import io.farpage.control.Failure;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.Hello;
import io.farpage.control.LaneCounts;
import io.farpage.control.Preface;
import io.farpage.control.ProtocolException;
import io.farpage.control.RdmaMessage;
import io.farpage.control.RegionInfo;
import io.farpage.control.Switchover;
import io.farpage.control.Tracking;
import io.farpage.control.Welcome;
import io.farpage.dirty.DirtyTrackers;
import io.farpage.journal.Journal;
import io.farpage.linux.RamFile;
import io.farpage.qmp.QmpException;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import io.farpage.vmm.Qemu;
import io.farpage.vmm.RamRegion;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source's side of one migration.
 *
 * <p>{@link #run()} is the conductor: one thread that takes signals from an inbox and goes through
 * the states. Page servers, the stream's carrier and the control connection's reader run beside it.
 */
public final class SourceMigration extends Conductor {
  private static final Logger LOG = LoggerFactory.getLogger(SourceMigration.class);
  private static final long PREPARE_TIMEOUT_MS = 60_000;
  private static final long STOP_TIMEOUT_MS = 300_000;
  private static final long DEVICE_TIMEOUT_MS = 120_000;

  /** RDMA is set up, or set up anew, at most once in a while: the guest does not wait for that. */
  private static final long RDMA_CHECK_TIMEOUT_MS = 200;

  /** Between its last byte of device state and the destination's word. */
  private static final String IN_DOUBT =
      " while the destination was resuming the guest: only the destination knows whether it runs"
          + " there. This side's guest stays stopped; when the destination's QEMU is certainly gone,"
          + " continue here with the QMP command cont";

  private final SourceOptions options;
  private final AtomicLong dataBytes = new AtomicLong(-1);

  private Qemu qemu;
  private RamFile[] files;
  private PageServers servers;
  private SourceRdma rdma;
  private SourceWarmup warmup;
  private Switchover switchover;
  private UUID migrationId = UUID.randomUUID();
  private SourceListener port;
  private ControlChannel control;
  private LaneCounts lanes;
  private SourceGuest guest;
  private Path sockets;
  private DeviceStateSender stream;
  private boolean endSent;
  private boolean vmmGone;
  private boolean streamEnded;
  private boolean caughtUp;
  private boolean peerLost;
  private boolean resumedOnce;
  private long connectedNs;
  private long begunNs;
  private long resumedNs;
  private SourceReport report;

  /** Creates the migration; nothing happens until {@link #run()}. */
  public SourceMigration(final SourceOptions options, final MigrationListener listener) {
    super(listener);
    this.options = options;
  }

  /** Returns the figures of a completed migration, else null. */
  public SourceReport report() {
    return report;
  }

  @Override
  void conduct() throws MigrationException, IOException, InterruptedException {
    attach();
    port = SourceListener.open(options.listen(), options.wire(), inbox);
    listener.onListening(port.address().getAddress().getHostAddress(), port.address().getPort());
    if (journal == null) {
      agree(null);
      move();
    } else {
      goOn();
    }
    serve();
    finish();
  }

  private void attach() throws IOException {
    qemu = attach(options.qmp(), options.pid());
    guest = new SourceGuest(qemu);
    options.stateDirectory().removeLeftOvers(qemu.pid());
    DirtyTrackers.removeLeftOvers(qemu);
    journal = findJournal();
    if (journal == null) {
      // QEMU itself would not migrate some of them either, but does not say which
      qemu.refuseForeignWriters();
      qemu.requireMigratable();
    }
    final List<RamRegion> regions = qemu.ram();
    files = new RamFile[regions.size()];
    final long[] addresses = new long[files.length];
    final long[] lengths = new long[files.length];
    for (int i = 0; i < files.length; i++) {
      // only a file that may be written can be watched for what the guest gives back
      files[i] = RamFile.open(regions.get(i).path(), true);
      addresses[i] = files[i].mapReadOnly();
      lengths[i] = regions.get(i).sizeBytes();
    }
    servers = new PageServers(new LocalMemory(addresses, lengths));
  }

  /** The journal of a source that died after its guest had left; null when this is a new one. */
  private Journal findJournal() throws IOException {
    final Journal found = SourceJournal.find(options, qemu);
    if (found == null || qemu.runState().equals("postmigrate")) {
      return found;
    }
    found.delete(); // its guest has been continued here since
    found.close();
    return null;
  }

  /** Takes over from a source that died after the switchover. */
  private void goOn() throws MigrationException, IOException, InterruptedException {
    migrationId = journal.header().migrationId();
    endSent = true;
    connectedNs = System.nanoTime();
    peerLost = true;
    awaitReturn();
    awaitResumed();
  }

  /**
   * Waits for a destination that fits, and for its lanes.
   *
   * @param resumedId the migration that it must come to resume, or null for a new one
   */
  private void agree(final UUID resumedId)
      throws MigrationException, IOException, InterruptedException {
    while (control == null) {
      final Signal signal = inbox.poll(NEVER);
      if (signal instanceof Signal.ControlJoined joined) {
        greet(joined, resumedId);
      } else {
        handle(signal);
      }
    }
    if (resumedId == null) {
      prepareToLeave();
    }
    final long deadline =
        System.nanoTime() + (PREPARE_TIMEOUT_MS + Conductor.registeringMs(qemu)) * 1_000_000;
    boolean prepared = false;
    while (!peerLost && !(prepared && servers.count() == lanes.total())) {
      final Frame frame =
          awaitFrame(
              FrameType.PREPARED,
              warmup == null ? deadline : NEVER, // how long to warm up is the destination's choice
              "the destination did not get ready");
      if (frame != null) {
        prepared = true;
        switchover =
            frame.payload().length == 0 ? null : ControlChannel.decode(frame, Switchover.class);
      }
    }
  }

  /** The destination wants to read the guest while it runs. */
  private void warmUp() throws IOException, MigrationException {
    if (warmup != null || endSent || state.status() != MigrationStatus.SETUP) {
      onPeerLost("the destination sent WARMUP at the wrong time");
      return;
    }
    warmup = new SourceWarmup(qemu, files, servers);
    final Tracking tracking = warmup.begin(control, options.tracking());
    if (tracking.tracker() == null) {
      listener.onMessage("no warm-up: " + tracking.why());
      return;
    }
    begunNs = System.nanoTime();
    state.enter(MigrationStatus.ACTIVE);
    listener.onMessage("tracking the guest's writes by " + tracking.tracker());
  }

  private void scan() throws IOException, MigrationException {
    if (warmup == null || !warmup.isTracking() || state.status() != MigrationStatus.ACTIVE) {
      onPeerLost("the destination sent SCAN at the wrong time");
      return;
    }
    warmup.scan(control);
  }

  private void greet(final Signal.ControlJoined joined, final UUID resumedId)
      throws MigrationException, IOException {
    if (!Objects.equals(joined.hello().resume(), Objects.toString(resumedId, null))) {
      refuse(
          joined,
          resumedId == null
              ? "this source has no migration to resume"
              : "this guest has left the source already, for a destination that has to resume");
      return;
    }
    control = joined.channel();
    lanes = joined.hello().lanes();
    peerLost = false;
    if (resumedId == null) {
      connectedNs = System.nanoTime();
      state.enter(MigrationStatus.SETUP);
    }
    requireSameRegions(joined.hello());
    final TransportOffer offer =
        TransportOffer.ofSource(options.transport(), options.wire(), control.localAddress());
    final String transport = chooseTransport(offer, joined.hello());
    if (transport.equals(TransportOffer.RDMA)) {
      rdma = new SourceRdma(control, qemu, files, lanes, endSent, inbox, listener);
    }
    final byte[] key = new byte[Preface.KEY_LENGTH];
    new SecureRandom().nextBytes(key);
    port.expectLanes(key);
    control.send(
        FrameType.WELCOME,
        new Welcome(
            FarpageVersion.VERSION,
            qemu.name(),
            migrationId.toString(),
            HexFormat.of().formatHex(key),
            transport,
            offer.why(),
            RegionInfo.of(qemu.ram())));
    listener.onMessage(
        "destination "
            + joined.peer()
            + " ("
            + joined.hello().vmm()
            + "), "
            + TransportOffer.describe(
                transport, offer.why(), "the destination", joined.hello().transportReason()));
    final ControlChannel channel = control;
    final SourceRdma session = rdma;
    final Thread reader = new Thread(() -> readControl(channel, session), "control");
    reader.setDaemon(true);
    reader.start();
  }

  /** Sends a destination away; the one that this side waits for, or serves, stays. */
  private static void refuse(final Signal.ControlJoined joined, final String why) {
    LOG.warn("{} sent away: {}", joined.peer(), why);
    try {
      joined.channel().send(FrameType.FAILED, new Failure(why));
    } catch (final IOException e) {
      LOG.debug("telling so", e);
    }
    joined.channel().close();
  }

  private static String chooseTransport(final TransportOffer offer, final Hello hello)
      throws MigrationException {
    return offer.names().stream()
        .filter(hello.transports()::contains)
        .findFirst()
        .orElseThrow(
            () ->
                MigrationException.failed(
                    "no transport in common: the destination offers "
                        + hello.transports()
                        + ", this side "
                        + offer.names()));
  }

  private void requireSameRegions(final Hello hello) throws MigrationException {
    final List<RegionInfo> here = RegionInfo.of(qemu.ram());
    final String difference = RegionDifference.describe(here, hello.regions());
    if (difference != null) {
      throw MigrationException.failed(difference);
    }
  }

  private void readControl(final ControlChannel channel, final SourceRdma session) {
    try {
      while (true) {
        final Frame frame = channel.receive();
        if (frame.type() == FrameType.RDMA && session != null) {
          session.onMessage(ControlChannel.decode(frame, RdmaMessage.class));
        } else {
          inbox.put(new Signal.FrameReceived(channel, frame));
        }
      }
    } catch (final IOException e) {
      inbox.put(
          new Signal.PeerLost(
              channel,
              e instanceof ProtocolException ? e.getMessage() : "the destination is gone"));
    }
  }

  /** Does what can be done before it is decided to stop the guest: it runs on meanwhile. */
  private void prepareToLeave() throws IOException {
    journal = SourceJournal.create(options, qemu, migrationId);
    sockets = options.stateDirectory().newSocketDirectory(qemu.pid());
    stream = DeviceStateSender.listen(streamSocket(), qemu.pid(), control, inbox);
    guest.prepareToLeave();
    OwnMemory.lock(files);
  }

  private Path streamSocket() {
    return sockets.resolve("out.sock");
  }

  /** From the start of QEMU's migration to the destination's word that the guest runs. */
  private void move() throws MigrationException, IOException, InterruptedException {
    if (state.status() == MigrationStatus.SETUP) {
      begunNs = System.nanoTime();
      state.enter(MigrationStatus.ACTIVE);
    }
    if (switchover != null) {
      listener.onSwitchover(switchover);
    }
    if (warmup != null && warmup.isTracking()) {
      warmup.prepareLastScan();
    }
    guest.leaveTo(streamSocket());
    awaitVmm("pre-switchover", STOP_TIMEOUT_MS);
    state.enter(MigrationStatus.PRE_SWITCHOVER);
    // from here on the guest's memory does not change any more
    control.send(FrameType.STOPPED, new byte[] {(byte) (guest.wasRunning() ? 1 : 0)}, 1);
    final FutureTask<Void> scan = scanStopped();
    state.enter(MigrationStatus.DEVICE);
    qemu.continueSwitchover();
    await(scan);
    awaitVmm("completed", DEVICE_TIMEOUT_MS);
    awaitStreamEnd();
    removeSockets();
    awaitCaughtUp();
    giveAway();
    final boolean warm = warmup != null && warmup.isTracking();
    if (!warm) {
      startScan();
    }
    awaitResumed();
    resumedNs = System.nanoTime();
    if (warm) {
      // the destination knows what to fetch first: looking for the rest must not delay the resume
      startScan();
    }
    listener.onResume();
  }

  private void removeSockets() throws IOException {
    if (sockets != null) {
      StateDirectory.remove(sockets);
      sockets = null;
    }
  }

  /** Looks for what the guest has written, while QEMU saves its devices' state. */
  private FutureTask<Void> scanStopped() {
    final CompletableFuture<Boolean> rdmaTold = rdma == null ? null : rdma.guestStopped();
    final FutureTask<Void> scan =
        new FutureTask<>(
            () -> {
              scanStopped(rdmaTold);
              return null;
            });
    if (warmup == null || !warmup.isTracking()) {
      scan.run();
    } else {
      final Thread thread = new Thread(scan, "last-scan");
      thread.setDaemon(true);
      thread.start();
    }
    return scan;
  }

  private static void await(final FutureTask<Void> scan) throws IOException, InterruptedException {
    try {
      scan.get();
    } catch (final ExecutionException e) {
      throw new IOException("the last scan: " + e.getCause().getMessage(), e.getCause());
    }
  }

  private void scanStopped(final CompletableFuture<Boolean> rdmaTold)
      throws IOException, InterruptedException {
    if (warmup == null || !warmup.isTracking()) {
      return;
    }
    boolean doubtful = false;
    if (rdmaTold != null) {
      try {
        doubtful = !rdmaTold.get(RDMA_CHECK_TIMEOUT_MS, TimeUnit.MILLISECONDS);
      } catch (final ExecutionException | TimeoutException e) {
        LOG.debug("what RDMA has read is in doubt", e);
        doubtful = true;
      }
    }
    warmup.scanLast(control, mustCatchUp(), doubtful);
  }

  private boolean mustCatchUp() {
    return switchover != null && switchover.catchUp() && warmup != null && warmup.isTracking();
  }

  /** In a pre-copy the guest does not leave before its memory has. */
  private void awaitCaughtUp() throws MigrationException, InterruptedException {
    if (!mustCatchUp()) {
      return;
    }
    final long deadline = System.nanoTime() + DEVICE_TIMEOUT_MS * 1_000_000;
    while (!caughtUp) {
      handle(next(deadline, "the memory did not arrive"));
    }
  }

  /** Takes the tracking off while the destination fetches the rest. */
  private void untrack() {
    final SourceWarmup done = warmup;
    if (done != null) {
      final Thread thread = new Thread(done::close, "untrack");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Sends the byte without which the destination cannot resume the guest. */
  private void giveAway() throws MigrationException, InterruptedException {
    // a last look: who is known to be gone must not be given the guest
    for (Signal signal = inbox.poll(0); signal != null; signal = inbox.poll(0)) {
      handle(signal);
    }
    endSent = true;
    try {
      stream.sendEnd();
    } catch (final IOException e) {
      onPeerLost("the connection broke");
    }
  }

  /** Waits for the destination's word; it alone decides, however often it has to come back. */
  private void awaitResumed() throws MigrationException, IOException, InterruptedException {
    while (awaitFrame(FrameType.RESUMED, NEVER, "") == null) {
      if (peerLost) {
        awaitReturn();
      }
    }
    resumedOnce = true;
    state.enter(MigrationStatus.POSTCOPY_ACTIVE);
    untrack();
  }

  /** The destination is gone after the switchover: it keeps the guest, and this side the memory. */
  private void awaitReturn() throws MigrationException, IOException, InterruptedException {
    while (peerLost) {
      if (state.status() != MigrationStatus.POSTCOPY_PAUSED) {
        state.enter(MigrationStatus.POSTCOPY_PAUSED);
      }
      endConnections();
      listener.onMessage(
          "waiting on "
              + options.listen().withPort(port.address().getPort())
              + " for the destination to come back with --resume");
      try {
        agree(migrationId);
      } catch (final MigrationException e) {
        if (e.outcome() != Outcome.FAILED) {
          throw e;
        }
        LOG.warn("the destination came back in vain: {}", e.getMessage());
        tellPeer(e.getMessage());
        peerLost = true;
      }
    }
    startScan();
  }

  private void endConnections() {
    if (rdma != null) {
      rdma.close();
      rdma = null;
    }
    if (control != null) {
      control.close();
      control = null;
    }
    if (servers != null) {
      servers.close();
    }
  }

  private void awaitVmm(final String status, final long timeoutMs)
      throws MigrationException, InterruptedException {
    final long deadline = System.nanoTime() + timeoutMs * 1_000_000;
    while (true) {
      final Signal signal = next(deadline, "QEMU did not reach the state " + status);
      if (signal instanceof Signal.Qmp qmp) {
        guest.note(qmp.event());
        if (qmp.event().isMigrationStatus(status)) {
          return;
        }
        if (qmp.event().isMigrationStatus("failed") || qmp.event().isMigrationStatus("cancelled")) {
          final String why = qemu.queryMigration().errorDescription();
          throw MigrationException.failed(
              "QEMU's migration ended on the source" + (why.isEmpty() ? "" : ": " + why));
        }
      } else {
        handle(signal);
      }
    }
  }

  private void awaitStreamEnd() throws MigrationException, InterruptedException {
    final long deadline = System.nanoTime() + DEVICE_TIMEOUT_MS * 1_000_000;
    while (!streamEnded) {
      handle(next(deadline, "QEMU did not end its device state"));
    }
  }

  private void startScan() {
    final ControlChannel channel = control;
    final SourceRdma session = rdma;
    final Thread scan =
        new Thread(
            () -> {
              try {
                final Extents data = new ExtentScanner(qemu, files).scan();
                dataBytes.set(data.totalBytes());
                ExtentSender.send(channel, FrameType.EXTENTS, data);
                if (session != null) {
                  session.dataKnown(data);
                }
              } catch (final IOException e) {
                inbox.put(new Signal.PeerLost(channel, "telling where data is: " + message(e)));
              }
            },
            "extents");
    scan.setDaemon(true);
    scan.start();
  }

  /** Until every page has arrived, however often the destination has to come back. */
  private void serve() throws MigrationException, IOException, InterruptedException {
    while (awaitFrame(FrameType.COMPLETED, NEVER, "") == null) {
      if (peerLost) {
        awaitReturn();
        awaitResumed();
      }
    }
  }

  private void finish() throws IOException {
    final long now = System.nanoTime();
    report =
        new SourceReport(
            guest.stoppedNs() == 0 ? 0 : resumedNs - guest.stoppedNs(),
            now - connectedNs,
            begunNs == 0 ? 0 : begunNs - connectedNs,
            stream == null ? 0 : stream.streamedBytes(),
            dataBytes.get(),
            servers.sentBytes());
    try {
      control.send(FrameType.BYE, report);
    } catch (final IOException e) {
      LOG.debug("the destination has what it needs", e);
    }
    deleteJournal();
    if (warmup != null) {
      warmup.close();
    }
    say(guest.leftBehind(options.keepSource()));
    state.enter(MigrationStatus.COMPLETED);
  }

  /** Returns the payload frame of the wanted type, or null when another signal was handled. */
  private Frame awaitFrame(final FrameType wanted, final long deadlineNs, final String complaint)
      throws MigrationException, InterruptedException {
    final Signal signal = next(deadlineNs, complaint);
    if (signal instanceof Signal.FrameReceived received
        && received.from() == control
        && received.frame().type() == wanted) {
      return received.frame();
    }
    handle(signal);
    return null;
  }

  /** What any signal means when nothing special was waited for. */
  private void handle(final Signal signal) throws MigrationException {
    if (signal instanceof Signal.LaneJoined joined) {
      addLane(joined);
    } else if (signal instanceof Signal.ControlJoined joined) {
      onSecondDestination(joined);
    } else if (signal instanceof Signal.Qmp qmp) {
      guest.note(qmp.event());
    } else if (signal instanceof Signal.StreamEnded ended) {
      streamEnded = true;
      if (ended.failure() != null) {
        throw MigrationException.failed("carrying the device state: " + ended.failure());
      }
    } else if (signal instanceof Signal.PeerLost lost) {
      if (lost.from() == control) {
        onPeerLost(lost.reason());
      }
    } else if (signal instanceof Signal.RdmaGivenUp given) {
      onRdmaGivenUp(given.why());
    } else if (signal instanceof Signal.VmmGone) {
      vmmGone = true;
      throw new MigrationException(
          state.status().isCommitted() || endSent ? Outcome.INTERRUPTED : Outcome.FAILED,
          "the source's QEMU has ended, and with it the memory that had not arrived");
    } else if (signal instanceof Signal.CancelRequested cancel) {
      if (endSent) {
        throw new MigrationException(
            Outcome.INTERRUPTED,
            "stopped by "
                + cancel.who()
                + (resumedOnce
                    ? " after the switchover: the guest runs on the destination and waits for"
                        + " memory that is still here"
                    : IN_DOUBT));
      }
      throw new MigrationException(
          Outcome.CANCELLED, "cancelled by " + cancel.who() + "; the guest stays here");
    } else if (signal instanceof Signal.SwitchoverRequested) {
      askForSwitchover();
    } else if (signal instanceof Signal.FrameReceived received && received.from() == control) {
      onFrame(received.frame());
    }
  }

  private void onFrame(final Frame frame) throws MigrationException {
    try {
      switch (frame.type()) {
        case WARMUP -> warmUp();
        case SCAN -> scan();
        case CAUGHT_UP -> onCaughtUp(frame);
        default -> unexpected(frame);
      }
    } catch (final IOException e) {
      throw new MigrationException(Outcome.FAILED, "warm-up: " + message(e), e);
    }
  }

  /** The memory may be there before QEMU has saved its devices' state. */
  private void onCaughtUp(final Frame frame) throws MigrationException {
    if (!mustCatchUp() || warmup.lastScanNs() == 0) {
      unexpected(frame);
    }
    caughtUp = true;
  }

  /** The destination leads the warm-up. */
  private void askForSwitchover() throws MigrationException {
    try {
      if (control != null && state.status() == MigrationStatus.ACTIVE) {
        control.send(FrameType.START_POSTCOPY);
      }
    } catch (final IOException e) {
      onPeerLost(message(e));
    }
  }

  private void onRdmaGivenUp(final String why) throws MigrationException {
    if (options.transport() == TransportPolicy.RDMA && !endSent) {
      throw MigrationException.failed("--transport rdma: " + why);
    }
    listener.onMessage("no RDMA for the moment: " + why);
  }

  private void unexpected(final Frame frame) throws MigrationException {
    if (frame.type() != FrameType.FAILED) {
      onPeerLost("the destination sent " + frame.type() + " at the wrong time");
      return;
    }
    String why;
    try {
      why = ControlChannel.decode(frame, Failure.class).message();
    } catch (final ProtocolException e) {
      why = e.getMessage();
    }
    if (!state.status().isCommitted()) {
      // the destination's promise: its guest will never run
      endSent = false;
    }
    throw MigrationException.failed("the destination gave up: " + why);
  }

  private void onPeerLost(final String reason) throws MigrationException {
    if (!state.status().isCommitted() && !endSent) {
      throw MigrationException.failed(
          reason + "; the guest stays here, and its migration can be tried again");
    }
    listener.onMessage(
        resumedOnce
            ? reason + " before all memory had arrived there; its guest waits, nothing is lost"
            : reason + IN_DOUBT);
    peerLost = true;
  }

  private void onSecondDestination(final Signal.ControlJoined joined) throws MigrationException {
    if (endSent && migrationId.toString().equals(joined.hello().resume())) {
      // the destination is back before this side has noticed that it was gone
      onPeerLost("the destination has started anew");
      inbox.put(joined);
    } else {
      refuse(joined, "another destination is already taking this guest");
    }
  }

  private void addLane(final Signal.LaneJoined joined) throws MigrationException {
    try {
      servers.add(joined.purpose(), joined.connection());
    } catch (final IOException e) {
      throw MigrationException.failed("opening a lane: " + message(e));
    }
  }

  @Override
  MigrationException giveUp(final MigrationException why) {
    MigrationException result = why;
    if (state.status().isCommitted() || endSent) {
      if (state.status() != MigrationStatus.POSTCOPY_PAUSED) {
        state.enter(MigrationStatus.POSTCOPY_PAUSED);
      }
      return why.outcome() == Outcome.INTERRUPTED
          ? why
          : new MigrationException(Outcome.INTERRUPTED, why.getMessage(), why);
    }
    tellPeer(why.getMessage());
    if (qemu != null && !vmmGone) {
      try {
        say(guest.takeBack());
      } catch (final QmpException | InterruptedException e) {
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        result =
            new MigrationException(
                why.outcome(),
                why.getMessage() + "; and the guest could not be continued: " + message(e),
                e);
      }
    }
    if (warmup != null) {
      warmup.close(); // not before the guest runs again
    }
    state.enter(
        why.outcome() == Outcome.CANCELLED ? MigrationStatus.CANCELLED : MigrationStatus.FAILED);
    deleteJournal();
    return result;
  }

  private void tellPeer(final String message) {
    if (control != null) {
      try {
        control.send(FrameType.FAILED, new Failure(message));
      } catch (final IOException e) {
        LOG.debug("the destination cannot be told", e);
      }
    }
  }

  private void say(final String advice) {
    if (!advice.isEmpty()) {
      listener.onMessage(advice);
    }
  }

  @Override
  void close() {
    if (port != null) {
      port.close();
    }
    endConnections();
    if (warmup != null) {
      warmup.close();
    }
    if (stream != null) {
      try {
        stream.close();
      } catch (final IOException e) {
        LOG.debug("closing the device-state socket", e);
      }
    }
    try {
      removeSockets();
    } catch (final IOException e) {
      LOG.debug("removing the sockets", e);
    }
    if (files != null) {
      for (final RamFile file : files) {
        if (file != null) {
          file.close();
        }
      }
    }
    if (journal != null) {
      journal.close();
    }
    if (qemu != null) {
      qemu.close();
    }
  }
}
