package io.farpage.migration;

import io.farpage.FarpageVersion;
import io.farpage.control.ControlChannel;
import io.farpage.control.ExtentsFrame;
import io.farpage.control.Failure;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.Hello;
import io.farpage.control.LaneCounts;
import io.farpage.control.ProtocolException;
import io.farpage.control.RdmaMessage;
import io.farpage.control.RegionInfo;
import io.farpage.control.Switchover;
import io.farpage.control.Welcome;
import io.farpage.pager.BandwidthLimit;
import io.farpage.pager.FaultRecorder;
import io.farpage.pager.Pager;
import io.farpage.pager.PagerContext;
import io.farpage.pager.Rehearsal;
import io.farpage.pager.StripedPlacer;
import io.farpage.pager.VmmGoneException;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.PrefetchPolicies;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.prefetch.RecordedFaults;
import io.farpage.prefetch.WarmupPlan;
import io.farpage.qmp.QmpEvent;
import io.farpage.qmp.QmpException;
import io.farpage.qmp.QmpTimeoutException;
import io.farpage.trace.FaultRecording;
import io.farpage.trace.FaultTrace;
import io.farpage.trace.TraceRegion;
import io.farpage.transport.LaneException;
import io.farpage.vmm.MigrationSettings;
import io.farpage.vmm.Qemu;
import io.farpage.vmm.Vmm;
import io.farpage.vmm.VmmException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The destination's side of one migration.
 *
 * <p>{@link #run()} is the conductor: one thread that takes signals from an inbox and goes through
 * the states. The agents of the {@link Pager} and the control connection's reader run beside it.
 */
public final class DestinationMigration extends Conductor {
  private static final Logger LOG = LoggerFactory.getLogger(DestinationMigration.class);
  private static final Duration QUIT_TIMEOUT = Duration.ofSeconds(10);
  private static final long AGREE_TIMEOUT_MS = 30_000;
  private static final long STOP_TIMEOUT_MS = 600_000;
  private static final long LOAD_TIMEOUT_MS = 120_000;
  private static final long BYE_TIMEOUT_MS = 60_000;
  private static final long CHECK_INTERVAL_MS = 10;
  private static final long RENEWAL_MS = 60_000;
  private static final long CATCH_UP_MS = 5_000;
  private static final long CATCH_UP_FACTOR = 10;
  private static final long CATCH_UP_POLL_MS = 1;

  private final DestinationOptions options;
  private final PostcopyFigures figures = new PostcopyFigures();
  private final CleanHeap heap = new CleanHeap();

  private Qemu qemu;
  private DestinationRam ram;
  private LaneCounts lanes;
  private SourceLink link;
  private volatile DestinationRdma rdma;
  private String transport;
  private boolean rdmaSettled;
  private volatile ControlChannel control;
  private MigrationSettings settings;
  private volatile DeviceStateReceiver stream;
  private volatile PageOrigins origins;
  private volatile DestinationWarmup warmup;
  private final long startedNs = System.nanoTime();
  private MissingPages missing;
  private FaultRecording recording;
  private PageHeat recordedHeat;
  private LeftOverPages leftOvers;
  private volatile Pager pager;
  private volatile boolean endReceived;
  private boolean incomingStarted;
  private boolean shutdownSeen;
  private boolean vmmGone;
  private boolean guestEnded;
  private boolean peerLost;
  private DestinationReport report;

  /** Creates the migration; nothing happens until {@link #run()}. */
  public DestinationMigration(final DestinationOptions options, final MigrationListener listener) {
    super(listener);
    this.options = options;
  }

  /** Returns the figures of a completed migration, else null. */
  public DestinationReport report() {
    return report;
  }

  @Override
  void conduct() throws MigrationException, IOException, InterruptedException {
    final Welcome welcome = options.resume() ? recover() : move();
    page();
    finish(welcome);
  }

  /** From nothing to the guest running here. */
  private Welcome move() throws MigrationException, IOException, InterruptedException {
    attach();
    qemu.requireIncomingDefer();
    qemu.refuseForeignWriters();
    ram = DestinationRam.map(qemu);
    ram.requireSpace();
    lanes = lanes(options.demandAgents().orElseGet(this::usualDemandAgents));
    final Welcome welcome = agree(null);
    link.openLanes(welcome, ram.memory(), lanes);
    ram.empty();
    ram.intercept(lanes.demand());
    startRdma();
    journal = DestinationJournal.create(options, qemu, welcome, ram.vmmUserfaultfds());
    journal.state(state.status().ordinal());
    startPager(false);
    awaitIncoming();
    Rehearsal.run(lanes.demand());
    awaitRdma();
    OwnMemory.lock(ram.files());
    // whatever is left on the heap must not be collected while the guest waits
    heap.collect();
    final Switchover switchover = warmUp();
    heap.collectUnlessClean();
    if (switchover == null) {
      control.send(FrameType.PREPARED);
      state.enter(MigrationStatus.ACTIVE);
    } else {
      control.send(FrameType.PREPARED, switchover);
    }
    resume(switchover);
    return welcome;
  }

  private int usualDemandAgents() {
    return UsualLanes.demand(qemu.cpuCount(), Runtime.getRuntime().availableProcessors());
  }

  private LaneCounts lanes(final int demandAgents) {
    return new LaneCounts(
        demandAgents,
        options
            .bulkLanes()
            .orElseGet(() -> UsualLanes.bulk(Runtime.getRuntime().availableProcessors())));
  }

  /** Reads while the guest runs on the source; returns why it is to be stopped. */
  private Switchover warmUp() throws MigrationException, IOException, InterruptedException {
    if (!options.warmup().wanted()) {
      return null;
    }
    state.enter(MigrationStatus.ACTIVE);
    final Switchover decision = warmup.run(pager);
    if (rdma != null) {
      // while a session is being set up anew, the source could not check in time what was read
      final long deadline = System.nanoTime() + RENEWAL_MS * 1_000_000;
      while (rdma.isLost() && System.nanoTime() - deadline < 0) {
        pump(CHECK_INTERVAL_MS);
      }
      rdma.withdraw();
    }
    listener.onSwitchover(decision);
    return decision;
  }

  /** Takes one signal, for who waits for something else. */
  private void pump(final long maxMs) throws MigrationException, InterruptedException {
    final Signal signal = inbox.poll(maxMs);
    if (signal != null) {
      handle(signal);
    }
  }

  /** From an interrupted migration to its pages arriving again; the guest is here already. */
  private Welcome recover() throws MigrationException, IOException, InterruptedException {
    attach();
    journal = DestinationJournal.open(options, qemu);
    if (qemu.runState().equals("inmigrate")) {
      throw new MigrationException(
          Outcome.REFUSED,
          "this QEMU has not taken the guest over: it is on the source; start a new QEMU with"
              + " -incoming defer and migrate without --resume");
    }
    ram = DestinationRam.map(qemu);
    ram.adopt(journal.header().vmmUserfaultfds());
    // as many as the RAM was shared among, whatever is asked for now
    final int demandAgents = ram.stripes().shards();
    lanes = lanes(demandAgents);
    if (options.demandAgents().orElse(demandAgents) != demandAgents) {
      listener.onMessage(
          "demand agents: " + demandAgents + ", as many as this migration has begun with");
    }
    state.enter(MigrationStatus.POSTCOPY_PAUSED);
    final Welcome welcome = agree(journal.header().migrationId().toString());
    link.openLanes(welcome, ram.memory(), lanes);
    startRdma();
    startPager(true);
    OwnMemory.lock(ram.files());
    control.send(FrameType.PREPARED);
    // faults that the dead process had read and not answered come again
    ram.wakeAll();
    figures.atResume(pager.allocatedBytes());
    state.enter(MigrationStatus.POSTCOPY_ACTIVE);
    tellSource(FrameType.RESUMED);
    return welcome;
  }

  /** Looks at the VMM without changing anything. */
  private void attach() throws MigrationException, IOException {
    link = new SourceLink(options);
    qemu = attach(options.qmp(), options.pid());
    options.stateDirectory().removeLeftOvers(qemu.pid());
  }

  /** Agrees with the source; {@code resumedId} names the migration to go on with, or is null. */
  private Welcome agree(final String resumedId)
      throws MigrationException, IOException, InterruptedException {
    // before the source hears of this side, if RDMA must be; else later: to look takes a while
    final TransportOffer demanded = options.transport() == TransportPolicy.RDMA ? offer() : null;
    control = link.connect();
    if (resumedId == null) {
      state.enter(MigrationStatus.SETUP);
    }
    final TransportOffer offer = demanded == null ? offer() : demanded;
    control.send(
        FrameType.HELLO,
        new Hello(
            FarpageVersion.VERSION,
            qemu.name(),
            offer.names(),
            offer.why(),
            RegionInfo.of(qemu.ram()),
            lanes,
            resumedId));
    final Thread reader = new Thread(this::readControl, "control");
    reader.setDaemon(true);
    reader.start();
    final Frame frame =
        awaitFrame(FrameType.WELCOME, AGREE_TIMEOUT_MS, "the source did not answer");
    final Welcome welcome = ControlChannel.decode(frame, Welcome.class);
    final String difference =
        RegionDifference.describe(welcome.regions(), RegionInfo.of(qemu.ram()));
    if (difference != null) {
      throw MigrationException.failed(difference);
    }
    transport = welcome.transport();
    if (!offer.names().contains(transport)) {
      throw MigrationException.failed(
          "the source wants transport " + transport + ", which this side does not allow");
    }
    listener.onMessage(
        "source "
            + options.source()
            + " ("
            + welcome.vmm()
            + "), "
            + TransportOffer.describe(
                transport, offer.why(), "the source", welcome.transportReason()));
    return welcome;
  }

  private TransportOffer offer() throws MigrationException {
    return TransportOffer.ofDestination(options.transport(), options.wire(), link.sourceAddress());
  }

  private void startRdma() throws IOException {
    if (transport.equals(TransportOffer.RDMA)) {
      rdma =
          link.startRdma(
              ram.memory(),
              options.completions(),
              !options.resume() && options.warmup().wanted(),
              this::onSessionLost,
              inbox,
              listener);
    }
  }

  /** A session with which pages were read while the guest ran is gone; from any thread. */
  private void onSessionLost() {
    final DestinationWarmup reading = warmup;
    if (reading != null) {
      reading.onSessionLost();
    }
  }

  /** Until memory is registered on both sides, or it is known that it will not be. */
  private void awaitRdma() throws MigrationException, InterruptedException {
    final long deadline =
        System.nanoTime() + (AGREE_TIMEOUT_MS + Conductor.registeringMs(qemu)) * 1_000_000;
    while (rdma != null && !rdmaSettled) {
      handle(next(deadline, "no RDMA session was set up"));
    }
  }

  private void onRdmaSettled(final String failure) throws MigrationException {
    rdmaSettled = true;
    if (failure == null) {
      return;
    }
    transport = TransportOffer.TCP;
    if (options.transport() == TransportPolicy.RDMA && !state.status().isCommitted()) {
      throw MigrationException.failed("--transport rdma: " + failure);
    }
    listener.onMessage("transport tcp (no RDMA: " + failure + ")");
  }

  /** Starts to answer the VMM's page faults, with what the journal says has arrived. */
  private void startPager(final boolean sourceStopped) throws IOException {
    final PageSpace space = ram.space();
    final PageMap map = new PageMap(journal.received());
    origins = new PageOrigins(space.pageCount());
    missing = new MissingPages(space, map, origins);
    if (sourceStopped || options.warmup().wanted()) {
      leftOvers = new LeftOverPages(ram.guestRegions(), ram.files(), map, origins, sourceStopped);
    }
    final boolean warm = !sourceStopped && options.warmup().wanted();
    final PageHeat heat = warm ? new PageHeat(space.pageCount()) : null;
    recordedHeat = heat;
    final PagerContext context =
        new PagerContext()
            .userfaultfds(ram.stripes(), ram.userfaultfds())
            .regions(ram.guestRegions())
            .files(ram.files())
            .map(map)
            .origins(origins)
            .demandLanes(link.demandLanes())
            .bulkLane(link.bulkLane())
            .policy(policy(heat))
            .recorder(startRecording(map))
            .prefetchLimit(
                new BandwidthLimit(options.maxPostcopyBandwidth(), SystemNanoClock.INSTANCE));
    if (warm) {
      final WarmupPlan plan = new WarmupPlan(space, map, origins, heat);
      context
          .heat(heat)
          .warmup(
              plan, new BandwidthLimit(options.warmup().maxBandwidth(), SystemNanoClock.INSTANCE));
      warmup =
          new DestinationWarmup(
              options.warmup(), control, listener, space, plan, this::pump, startedNs);
    }
    context.conclude();
    pager = new Pager(context, cause -> inbox.put(new Signal.AgentFailed(cause)));
    if (sourceStopped) {
      pager.arm();
    }
    pager.start();
  }

  private PrefetchPolicy policy(final PageHeat heat) {
    final FaultTrace trace = options.prefetch().replay();
    RecordedFaults faults = null;
    if (trace != null) {
      faults = new RecordedFaults(ram.space(), trace.pagesIn(regionsOf(qemu), ram.space()));
      listener.onMessage(
          "replaying "
              + faults.pageCount()
              + " recorded pages"
              + (faults.ignoredCount() == 0
                  ? ""
                  : "; "
                      + faults.ignoredCount()
                      + " faults on pages that this guest does not have"
                      + " are ignored"));
    }
    return PrefetchPolicies.create(options.prefetch().policy(), missing, heat, faults);
  }

  private static List<TraceRegion> regionsOf(final Vmm vmm) {
    return vmm.ram().stream()
        .map(r -> new TraceRegion(r.id(), r.sizeBytes(), r.pageSizeBytes()))
        .toList();
  }

  private FaultRecorder startRecording(final PageMap map) throws IOException {
    if (options.prefetch().record() == null) {
      return FaultRecorder.NONE;
    }
    recording = FaultRecording.start(options.prefetch().record(), regionsOf(qemu), map, origins);
    return recording;
  }

  /** Keeps what was recorded; the guest is here, so that nothing of this is a failure. */
  private void keepRecording() {
    if (recording == null) {
      return;
    }
    try {
      final long lost =
          recording.complete(pager.faultLatencyNs().getValueAtPercentile(50), recordedHeat);
      listener.onMessage(
          "faults recorded: "
              + options.prefetch().record()
              + (lost == 0 ? "" : "; " + lost + " came too fast and are not in it"));
    } catch (final IOException e) {
      listener.onMessage("the faults could not be recorded: " + message(e));
    }
  }

  /** Lets the VMM wait for the device state. */
  private void awaitIncoming() throws IOException {
    settings = MigrationSettings.applyToDestination(qemu.qmp());
    final Path sockets = options.stateDirectory().newSocketDirectory(qemu.pid());
    try {
      incomingStarted = true;
      qemu.startIncoming(sockets.resolve("in.sock"));
      stream = DeviceStateReceiver.connect(sockets.resolve("in.sock"));
    } finally {
      StateDirectory.remove(sockets);
    }
  }

  private void readControl() {
    final ControlChannel channel = control;
    try {
      while (true) {
        onFrame(channel.receive());
      }
    } catch (final ProtocolException e) {
      inbox.put(new Signal.PeerLost(channel, e.getMessage()));
    } catch (final IOException e) {
      inbox.put(new Signal.PeerLost(channel, "the connection to the source is lost"));
    }
  }

  /** The device state and the extents are dealt with here, in order; the rest goes to the inbox. */
  private void onFrame(final Frame frame) throws IOException {
    switch (frame.type()) {
      case STOPPED -> {
        requirePrepared(frame);
        if (isWarm()) {
          pager.hold();
        } else {
          pager.arm();
        }
        inbox.put(new Signal.FrameReceived(control, frame));
      }
      case DEVICE_STATE -> {
        requirePrepared(frame);
        writeToVmm(frame.payload(), false);
      }
      case TRACKING, DATA_PAGES, WRITTEN_PAGES, GIVEN_BACK_PAGES -> {
        requireWarmup(frame).onFrame(frame);
        inbox.put(new Signal.WarmupAdvanced());
      }
      case UNCLEAN_PAGES -> onUnclean(frame);
      case DEVICE_STATE_END -> {
        requirePrepared(frame);
        if (isWarm() && !warmup.knowsStop()) {
          throw new ProtocolException("the source sent DEVICE_STATE_END before UNCLEAN_PAGES");
        }
        endReceived = true;
        inbox.put(new Signal.FrameReceived(control, frame));
        writeToVmm(frame.payload(), true);
      }
      case EXTENTS -> {
        if (pager == null) {
          throw new ProtocolException("the source sent EXTENTS too early");
        }
        addExtents(ExtentsFrame.decode(frame.payload()));
      }
      case RDMA, MEMORY, STALE_MEMORY -> {
        if (rdma == null) {
          throw new ProtocolException("the source sent " + frame.type() + " and has no RDMA");
        }
        if (frame.type() == FrameType.RDMA
            && ControlChannel.decode(frame, RdmaMessage.class).step() == RdmaMessage.Step.FAILED) {
          onSessionLost();
        }
        if (warmup != null && frame.type() == FrameType.STALE_MEMORY) {
          final ExtentsFrame stale = ExtentsFrame.decode(frame.payload());
          stale.requireWithin(ram.memory());
          warmup.onStale(stale);
        }
        rdma.onFrame(frame);
      }
      default -> inbox.put(new Signal.FrameReceived(control, frame));
    }
  }

  private boolean isWarm() {
    return warmup != null && warmup.isTracked();
  }

  private DestinationWarmup requireWarmup(final Frame frame) throws ProtocolException {
    if (warmup == null) {
      throw new ProtocolException("the source sent " + frame.type() + " without a warm-up");
    }
    return warmup;
  }

  /** From the last of these frames on it is certain which pages are here. */
  private void onUnclean(final Frame frame) throws ProtocolException {
    requireWarmup(frame).onFrame(frame);
    if (warmup.knowsStop()) {
      // before anything is fetched: what arrives from now on is no longer missing
      warmup.countStop();
      pager.arm();
      // what the guest wants first is known already: where else data is will be told later
      if (options.prefetch().afterMs() == 0) {
        pager.prefetch();
      }
      inbox.put(new Signal.WarmupAdvanced());
    }
  }

  private void requirePrepared(final Frame frame) throws ProtocolException {
    if (stream == null) {
      throw new ProtocolException("the source sent " + frame.type() + " too early");
    }
  }

  private void writeToVmm(final byte[] bytes, final boolean end) {
    try {
      stream.write(bytes);
      if (end) {
        stream.end();
      }
    } catch (final IOException e) {
      // QEMU closes its end when it cannot load; its own event says why
      inbox.put(new Signal.StreamEnded(message(e)));
    }
  }

  private void addExtents(final ExtentsFrame frame) throws ProtocolException {
    frame.requireWithin(ram.memory());
    final PageSpace space = ram.space();
    for (int i = 0; i < frame.count(); i++) {
      final long offset = frame.offsetBytes(i);
      final long length = frame.lengthBytes(i);
      final long first = space.pageAt(frame.region(), offset);
      final long last = space.pageAt(frame.region(), offset + length - 1);
      origins.addData(first, last - first + 1);
    }
    if (frame.last()) {
      freeLeftOvers();
      origins.complete();
      inbox.put(new Signal.FrameReceived(control, new Frame(FrameType.EXTENTS, new byte[0])));
    }
  }

  private void freeLeftOvers() throws ProtocolException {
    if (leftOvers == null) {
      return;
    }
    try (StripedPlacer placer = ram.placer()) {
      leftOvers.free(placer);
    } catch (final IOException e) {
      inbox.put(new Signal.AgentFailed(e));
    }
  }

  /** From "ready" to the guest running here. */
  private void resume(final Switchover switchover)
      throws MigrationException, IOException, InterruptedException {
    final Frame stopped =
        awaitFrame(FrameType.STOPPED, STOP_TIMEOUT_MS, "the source's guest did not stop");
    final boolean wasRunning = stopped.payload().length > 0 && stopped.payload()[0] != 0;
    state.enter(MigrationStatus.PRE_SWITCHOVER);
    state.enter(MigrationStatus.DEVICE);
    if (switchover != null && switchover.catchUp()) {
      catchUp();
    }
    awaitFrame(FrameType.DEVICE_STATE_END, LOAD_TIMEOUT_MS, "the device state did not arrive");
    final boolean runs = awaitLoaded();
    tellSource(FrameType.RESUMED);
    figures.atResume(pager.allocatedBytes());
    if (recording != null) {
      recording.onResume(System.nanoTime());
    }
    state.enter(MigrationStatus.POSTCOPY_ACTIVE);
    if (wasRunning && !runs && !qemu.runState().equals("running")) {
      qemu.resumeGuest(); // QEMU was started with -S
    }
    listener.onResume();
  }

  /** Fetches all memory that is known before the guest may come. */
  private void catchUp() throws MigrationException, IOException, InterruptedException {
    final long deadline =
        System.nanoTime()
            + (CATCH_UP_MS + CATCH_UP_FACTOR * options.warmup().limits().downtimeLimitMs())
                * 1_000_000;
    // counting takes time in proportion to the RAM: only when the prefetcher finds nothing more
    while (!warmup.knowsStop() || !pager.isDrained() || missing.notReceivedCount() != 0) {
      if (System.nanoTime() - deadline > 0) {
        throw MigrationException.failed(
            "the rest of the memory did not arrive in time; the guest goes on on the source");
      }
      pump(CATCH_UP_POLL_MS);
    }
    control.send(FrameType.CAUGHT_UP);
  }

  /** Waits until the VMM has everything; returns whether it has said that the guest runs. */
  private boolean awaitLoaded() throws MigrationException, InterruptedException {
    final long deadline = System.nanoTime() + LOAD_TIMEOUT_MS * 1_000_000;
    while (true) {
      final Signal signal = next(deadline, "QEMU did not load the device state");
      if (signal instanceof Signal.Qmp qmp) {
        if (qmp.event().name().equals("RESUME")) {
          return true;
        }
        if (qmp.event().isMigrationStatus("completed")) {
          return false;
        }
        note(qmp.event());
      } else {
        handle(signal);
      }
    }
  }

  private void tellSource(final FrameType type) {
    if (!link.trySend(type)) {
      peerLost = true;
    }
  }

  /** Until every page is here, or the guest has ended. */
  private void page() throws MigrationException, InterruptedException {
    final ProgressMeter meter = new ProgressMeter(listener, pager.counters(), missing, origins);
    boolean fetching = false;
    final long fetchAt = System.nanoTime() + options.prefetch().afterMs() * 1_000_000;
    while (!guestEnded && !hasArrivedAll()) {
      if (peerLost) {
        throw interrupted("the connection to the source is lost");
      }
      if (!fetching && origins.isComplete() && System.nanoTime() - fetchAt >= 0) {
        pager.prefetch();
        fetching = true;
      }
      final Signal signal = inbox.poll(CHECK_INTERVAL_MS);
      if (signal != null) {
        handle(signal);
      }
      meter.tellIfDue();
    }
    meter.tell();
  }

  private boolean hasArrivedAll() {
    // counting takes time in proportion to the RAM: only when the prefetcher finds nothing more
    return origins.isComplete() && pager.isDrained() && missing.notReceivedCount() == 0;
  }

  private void finish(final Welcome welcome) throws MigrationException, InterruptedException {
    figures.atEnd(pager.allocatedBytes());
    if (!guestEnded) {
      if (missing.notReceivedCount() != 0) {
        throw new IllegalStateException("pages are missing at the end");
      }
      unlessGuestEnds(pager::mapHugePages);
      unlessGuestEnds(ram::unregister);
    }
    pager.close();
    if (!guestEnded) {
      unlessGuestEnds(ram::release);
    }
    keepRecording();
    deleteJournal();
    final SourceReport source = sayGoodbye();
    if (!guestEnded && settings != null) {
      restoreSettings();
    }
    report =
        new DestinationReport(
            options.warmup().mode(),
            warmup == null ? null : warmup.report(),
            transport,
            link.oneSidedBytes(),
            lanes.demand(),
            ram.space(),
            missing.dataBytes(),
            pager.counters(),
            pager.faultLatencyNs(),
            figures.collections(),
            figures.agentsAllocatedBytes(),
            source);
    state.enter(MigrationStatus.COMPLETED);
  }

  private interface RamStep {
    void take() throws IOException;
  }

  private void unlessGuestEnds(final RamStep step) throws MigrationException, InterruptedException {
    try {
      step.take();
    } catch (final IOException e) {
      // a guest that powers off right now takes its memory with it, and that is no failure
      final long deadline = System.nanoTime() + QUIT_TIMEOUT.toNanos();
      while (!guestEnded) {
        final long leftMs = (deadline - System.nanoTime()) / 1_000_000;
        final Signal signal = inbox.poll(Math.max(0, leftMs));
        if (signal == null) {
          throw new MigrationException(
              Outcome.INTERRUPTED,
              "all memory has arrived, but QEMU keeps the userfaultfd: " + e.getMessage(),
              e);
        }
        handle(signal);
      }
    }
  }

  private void restoreSettings() {
    try {
      settings.restore();
    } catch (final QmpException e) {
      listener.onMessage(
          "QEMU's migration settings could not be put back as they were: " + e.getMessage());
    }
  }

  /** Tells the source that all has arrived, and hears its figures; the guest does not need them. */
  private SourceReport sayGoodbye() {
    tellSource(FrameType.COMPLETED);
    final long deadline = System.nanoTime() + BYE_TIMEOUT_MS * 1_000_000;
    try {
      while (!peerLost) {
        final Signal signal = next(deadline, "the source did not say goodbye");
        if (signal instanceof Signal.FrameReceived received
            && received.frame().type() == FrameType.BYE) {
          return ControlChannel.decode(received.frame(), SourceReport.class);
        }
        if (signal instanceof Signal.PeerLost) {
          peerLost = true;
        }
      }
    } catch (final MigrationException | ProtocolException e) {
      LOG.debug("goodbye", e);
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    listener.onMessage(
        "all memory has arrived, but the source could not be told: end its QEMU by hand");
    return null;
  }

  private Frame awaitFrame(final FrameType wanted, final long timeoutMs, final String complaint)
      throws MigrationException, InterruptedException {
    final long deadline = System.nanoTime() + timeoutMs * 1_000_000;
    while (true) {
      final Signal signal = next(deadline, complaint);
      if (signal instanceof Signal.FrameReceived received && received.frame().type() == wanted) {
        return received.frame();
      }
      handle(signal);
    }
  }

  /** What any signal means when nothing special was waited for. */
  private void handle(final Signal signal) throws MigrationException {
    if (signal instanceof Signal.Qmp qmp) {
      note(qmp.event());
    } else if (signal instanceof Signal.VmmGone) {
      vmmEnded("QEMU has ended");
    } else if (signal instanceof Signal.AgentFailed failed) {
      agentFailed(failed.cause());
    } else if (signal instanceof Signal.PeerLost lost) {
      onPeerLost(lost.reason());
    } else if (signal instanceof Signal.RdmaSettled rdmaEnd) {
      onRdmaSettled(rdmaEnd.failure());
    } else if (signal instanceof Signal.StreamEnded ended) {
      // QEMU's own event or its end follows and says more
      LOG.debug("QEMU closed the device-state stream: {}", ended.failure());
    } else if (signal instanceof Signal.CancelRequested cancel) {
      throw state.status().isCommitted()
          ? interrupted("stopped by " + cancel.who())
          : new MigrationException(
              Outcome.CANCELLED, "cancelled by " + cancel.who() + "; the guest is on the source");
    } else if (signal instanceof Signal.SwitchoverRequested) {
      if (warmup != null) {
        warmup.switchOver();
      }
    } else if (signal instanceof Signal.FrameReceived received) {
      onUnexpectedFrame(received.frame());
    }
  }

  private void note(final QmpEvent event) throws MigrationException {
    if (event.name().equals("SHUTDOWN")) {
      shutdownSeen = true;
    }
    if (event.isMigrationStatus("failed") && !state.status().isCommitted()) {
      throw MigrationException.failed("QEMU could not load the device state" + whyLoadFailed());
    }
  }

  private String whyLoadFailed() {
    try {
      final String why = qemu.queryMigration().errorDescription();
      if (!why.isEmpty()) {
        return ": " + why;
      }
    } catch (final QmpException e) {
      LOG.debug("QEMU does not say why", e);
    }
    return ": its error output says why; are both QEMUs started with the same machine type and"
        + " devices?";
  }

  private void vmmEnded(final String how) throws MigrationException {
    vmmGone = true;
    if (!state.status().isCommitted()) {
      throw MigrationException.failed(
          how
              + " on the destination"
              + (endReceived || stream != null
                  ? ": its error output says why; are both QEMUs started with the same machine type and"
                      + " devices?"
                  : ""));
    }
    if (!shutdownSeen) {
      throw new MigrationException(
          Outcome.INTERRUPTED,
          how
              + " unexpectedly, and with it the guest; the source still has the memory as it was"
              + " at the switchover");
    }
    guestEnded = true;
  }

  private void agentFailed(final Throwable cause) throws MigrationException {
    if (cause instanceof VmmGoneException) {
      return; // the end of the QMP session follows, and says how QEMU ended
    }
    LOG.debug("agent", cause);
    final String why = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    if (!state.status().isCommitted()) {
      throw new MigrationException(Outcome.FAILED, why, cause);
    }
    throw interrupted(cause instanceof LaneException ? why : "paging stopped: " + why);
  }

  private void onPeerLost(final String reason) throws MigrationException {
    peerLost = true;
    if (state.status().isCommitted()) {
      throw interrupted(reason);
    }
    if (!endReceived) {
      throw MigrationException.failed(
          reason
              + "; the guest has not moved: see what happened on the source, then try again with"
              + " a fresh QEMU here");
    }
    LOG.warn("{}; QEMU is loading the device state and may still resume", reason);
  }

  private static MigrationException interrupted(final String why) {
    return new MigrationException(
        Outcome.INTERRUPTED,
        why
            + "; the guest is here, and who needs a page that has not arrived waits: when the"
            + " source is back, run the same command with --resume");
  }

  private void onUnexpectedFrame(final Frame frame) throws MigrationException {
    if (frame.type() == FrameType.EXTENTS) {
      return; // they are in place already: this only wakes the conductor
    }
    if (frame.type() == FrameType.START_POSTCOPY) {
      inbox.put(new Signal.SwitchoverRequested("the source's operator"));
      return;
    }
    if (frame.type() != FrameType.FAILED) {
      onPeerLost("the source sent " + frame.type() + " at the wrong time");
      return;
    }
    String why;
    try {
      why = ControlChannel.decode(frame, Failure.class).message();
    } catch (final ProtocolException e) {
      why = e.getMessage();
    }
    throw MigrationException.failed("the source gave up: " + why);
  }

  @Override
  MigrationException giveUp(final MigrationException why) {
    if (state.status().isCommitted()) {
      if (state.status() == MigrationStatus.POSTCOPY_ACTIVE) {
        state.enter(MigrationStatus.POSTCOPY_PAUSED);
      }
      return why.outcome() == Outcome.INTERRUPTED
          ? why
          : new MigrationException(
              Outcome.INTERRUPTED, why.getMessage() + "; the guest is here and waits", why);
    }
    if (options.resume()) {
      return why; // nothing was found to resume, and nothing was touched
    }
    if (endReceived && mayHaveRun()) {
      return keepGuest(why);
    }
    MigrationException result = why;
    try {
      endGuestForGood();
    } catch (final QmpException | VmmException e) {
      // no promise to the source without certainty
      result =
          new MigrationException(
              Outcome.INTERRUPTED,
              why.getMessage() + "; and the destination's QEMU would not die: " + e.getMessage(),
              e);
      state.enter(MigrationStatus.FAILED);
      return result;
    }
    if (link != null) {
      link.trySend(FrameType.FAILED, new Failure(why.getMessage()));
    }
    state.enter(
        why.outcome() == Outcome.CANCELLED ? MigrationStatus.CANCELLED : MigrationStatus.FAILED);
    return result;
  }

  /**
   * Has QEMU not start the guest, and finds out whether it had started it already, or may have. A
   * guest that has run, however shortly, may have written to its disks: the source must not go on.
   */
  private boolean mayHaveRun() {
    boolean may = false;
    try {
      // while a migration comes in, this only keeps the guest from starting at its end
      qemu.qmp().execute("stop");
    } catch (final QmpTimeoutException e) {
      LOG.debug("QEMU does not say whether the guest runs", e);
      may = true;
    } catch (final QmpException e) {
      LOG.debug("QEMU is gone, or going", e);
    }
    try {
      // QEMU's answers and events come in order: what was before the stop is in the inbox
      for (Signal signal = inbox.poll(0); signal != null; signal = inbox.poll(0)) {
        may |= signal instanceof Signal.Qmp qmp && qmp.event().name().equals("RESUME");
      }
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return may;
  }

  /** Gives up paging, and not the guest, which is here or may be. */
  private MigrationException keepGuest(final MigrationException why) {
    try {
      qemu.resumeGuest();
      tellSource(FrameType.RESUMED);
    } catch (final QmpException e) {
      LOG.debug("QEMU does not answer", e);
    }
    if (state.status() == MigrationStatus.ACTIVE) {
      state.enter(MigrationStatus.PRE_SWITCHOVER);
    }
    if (state.status() == MigrationStatus.PRE_SWITCHOVER) {
      state.enter(MigrationStatus.DEVICE);
    }
    state.enter(MigrationStatus.POSTCOPY_PAUSED);
    return interrupted(why.getMessage() + "; it was too late to go back");
  }

  /** Makes certain that the guest will never run here; a VMM that was not touched is let be. */
  private void endGuestForGood() {
    if (incomingStarted && !vmmGone) {
      qemu.killNow(QUIT_TIMEOUT);
    } else if (ram != null && !vmmGone) {
      if (pager != null) {
        pager.close();
      }
      ram.releaseQuietly();
      if (settings != null) {
        restoreSettings();
      }
    }
    deleteJournal();
  }

  @Override
  void close() {
    if (pager != null) {
      pager.close();
    }
    if (recording != null) {
      recording.close();
    }
    if (link != null) {
      link.close();
    }
    if (stream != null) {
      try {
        stream.close();
      } catch (final IOException e) {
        LOG.debug("closing the device-state socket", e);
      }
    }
    if (ram != null) {
      ram.close();
    }
    if (journal != null) {
      journal.close();
    }
    if (qemu != null) {
      qemu.close();
    }
  }
}
