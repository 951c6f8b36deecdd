package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.ExtentsFrame;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.PageSetFrame;
import io.farpage.control.ProtocolException;
import io.farpage.control.Switchover;
import io.farpage.control.Tracking;
import io.farpage.pager.Pager;
import io.farpage.pager.WarmupReader;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.WarmupPlan;
import io.farpage.warmup.SwitchoverDecider;
import io.farpage.warmup.SwitchoverDecider.Decision;
import io.farpage.warmup.SwitchoverDecider.Reason;
import io.farpage.warmup.WarmupRound;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Leads the warm-up: rounds of reading while the guest runs on the source, scans for what it wrote
 * meanwhile, and the decision to stop it.
 *
 * <p>The conductor {@linkplain #run runs} it. What the source says about pages is taken in by the
 * control connection's reader, in the order in which it was said.
 */
final class DestinationWarmup {
  /** A scan costs the guest a little: the pages that it found are write-protected again. */
  private static final long MIN_SCAN_INTERVAL_NS = 50_000_000L;

  /** The share of time that the source spends on scans is at most one in so many. */
  private static final long SCAN_TIME_FACTOR = 20;

  /** While the guest outruns a precopy, nobody needs to hear of it more often. */
  private static final long HOPELESS_ROUND_NS = 1_000_000_000L;

  /**
   * What the guest's first write to a page after a scan costs it: a fault that the kernel answers.
   */
  private static final long FIRST_WRITE_NS = 1_500;

  /** The share of its time that the guest spends on such faults is at most one in so many... */
  private static final long GUEST_TIME_FACTOR = 3;

  /** ...as long as this leaves enough scans to tell hot pages from cold ones. */
  private static final long MAX_GUEST_NS = 500_000_000L;

  private static final long ANSWER_TIMEOUT_NS = 120_000_000_000L;
  private static final long POLL_MS = 5;

  /** Loops are compiled after some 60,000 turns; those over a large guest's pages have more. */
  private static final int REHEARSALS = 20;

  private static final long REHEARSAL_NS = 100_000_000L;
  private static final int REHEARSAL_STEP = 100;
  private static final long PROGRESS_INTERVAL_NS = 100_000_000L;

  private final WarmupOptions options;
  private final ControlChannel control;
  private final MigrationListener listener;
  private final WarmupPlan plan;
  private final PageSpace space;
  private final Pump pump;
  private final long originNs;

  // taken in by the control connection's reader
  private final PageBits incoming;
  private volatile Tracking tracking;
  private volatile boolean dataKnown;
  private volatile int answeredScans;
  private volatile long scanNs;
  private volatile long writtenPages;
  private volatile boolean stopKnown;
  private volatile long uncleanPages;
  private volatile long lastScanNs;
  private volatile long missingAfterStopBytes;

  // the conductor's
  private final List<WarmupRound> rounds = new ArrayList<>();
  private WarmupReader reader;
  private SwitchoverDecider decider;
  private int requestedScans;
  private long lastRequestNs;
  private long startedNs;
  private long endedNs;
  private long missingBytes;
  private boolean operatorWants;
  private boolean hopeless;
  private long lastProgressNs;
  private long lastProgressBytes;
  private Decision decision;

  /** Lets the conductor take signals while it waits. */
  @FunctionalInterface
  interface Pump {
    /** Takes the next signal, or returns after so many milliseconds. */
    void pump(long maxMs) throws MigrationException, InterruptedException;
  }

  DestinationWarmup(
      final WarmupOptions options,
      final ControlChannel control,
      final MigrationListener listener,
      final PageSpace space,
      final WarmupPlan plan,
      final Pump pump,
      final long originNs) {
    this.options = options;
    this.control = control;
    this.listener = listener;
    this.space = space;
    this.plan = plan;
    this.pump = pump;
    this.originNs = originNs;
    incoming = PageBits.allocate(space.pageCount());
  }

  /** Takes what the source says about pages; from the control connection's reader. */
  void onFrame(final Frame frame) throws ProtocolException {
    if (frame.type() == FrameType.TRACKING) {
      requireOrder(tracking == null, frame);
      tracking = ControlChannel.decode(frame, Tracking.class);
      return;
    }
    final PageSetFrame set = PageSetFrame.decode(frame.payload());
    set.addTo(incoming);
    if (!set.last()) {
      return;
    }
    switch (frame.type()) {
      case DATA_PAGES -> {
        requireOrder(tracking != null && !dataKnown, frame);
        plan.noteData(incoming);
        dataKnown = true;
      }
      case WRITTEN_PAGES -> {
        requireOrder(dataKnown && !stopKnown, frame);
        plan.onScan(incoming);
        scanNs = set.elapsedNs();
        writtenPages = incoming.count();
        answeredScans++;
      }
      case GIVEN_BACK_PAGES -> {
        requireOrder(dataKnown && !stopKnown, frame);
        onGivenBack();
      }
      case UNCLEAN_PAGES -> {
        requireOrder(dataKnown && reader != null && reader.hasEnded() && !stopKnown, frame);
        if (set.doubtful()) {
          plan.invalidateAll();
        }
        plan.onLastScan(incoming);
        lastScanNs = set.elapsedNs();
        stopKnown = true;
        return; // countStop() still needs what came
      }
      default -> throw new ProtocolException("the source sent " + frame.type() + " in a warm-up");
    }
    incoming.clear();
  }

  private void onGivenBack() {
    final long end = space.pageCount();
    long page = incoming.nextSet(0, end);
    while (page >= 0) {
      final long clear = incoming.nextClear(page, end);
      plan.onGivenBack(page, clear - page);
      page = incoming.nextSet(clear, end);
    }
  }

  private static void requireOrder(final boolean inOrder, final Frame frame)
      throws ProtocolException {
    if (!inOrder) {
      throw new ProtocolException("the source sent " + frame.type() + " at the wrong time");
    }
  }

  /**
   * Takes the figures of the stop; from the control connection's reader, before anything is fetched
   * for the guest that has stopped.
   */
  void countStop() {
    uncleanPages = incoming.count();
    missingAfterStopBytes = plan.missingBytes();
  }

  /**
   * Ranges of the guest's RAM that READs may have brought wrongly; from the control connection's
   * reader.
   */
  void onStale(final ExtentsFrame stale) {
    for (int i = 0; i < stale.count(); i++) {
      final int region = stale.region();
      final long first = space.pageAt(region, stale.offsetBytes(i));
      final long last = space.pageAt(region, stale.offsetBytes(i) + stale.lengthBytes(i) - 1);
      plan.onGivenBack(first, last - first + 1);
    }
  }

  /** What was read with RDMA cannot be checked any more: it is read again; from any thread. */
  void onSessionLost() {
    plan.invalidateAll();
  }

  /** The operator wants the guest to be stopped now. */
  void switchOver() {
    operatorWants = true;
  }

  /** Returns whether pages were read while the guest ran, so that its stop has to be waited for. */
  boolean isTracked() {
    final Tracking known = tracking;
    return known != null && known.tracker() != null;
  }

  /** Returns whether it is known which pages are as they were when the guest stopped. */
  boolean knowsStop() {
    return stopKnown;
  }

  /**
   * Reads until the guest should be stopped; then nothing is in flight.
   *
   * @return the decision
   */
  Switchover run(final Pager pager) throws MigrationException, IOException, InterruptedException {
    rehearseStop();
    startedNs = System.nanoTime();
    reader = pager.warmup();
    control.send(FrameType.WARMUP);
    await("the source did not say whether it can track writes", () -> tracking != null);
    if (isTracked()) {
      await("the source did not say where data is", () -> dataKnown);
      listener.onMessage(
          "warm-up: the source tracks writes by "
              + tracking.tracker()
              + ", "
              + (plan.missingBytes() >> 20)
              + " MiB to read");
      decider = new SwitchoverDecider(options.limits(), plan.missingBytes());
      plan.budget(decider.budgetBytes());
      readRounds(pager);
    } else {
      decision = withoutTracking();
      listener.onMessage("no warm-up: " + tracking.why());
    }
    reader.end();
    pager.wakeUp();
    while (!reader.hasEnded()) {
      pump.pump(POLL_MS);
    }
    endedNs = System.nanoTime();
    missingBytes = plan.missingBytes();
    if (decision.giveUp()) {
      throw MigrationException.failed(decision.explanation());
    }
    return new Switchover(
        decision.reason().label(),
        decision.explanation(),
        isTracked() && options.limits().precopy() && decision.reason() != Reason.OPERATOR);
  }

  /** What is done once, while the guest stands still, shall not be done by new code. */
  private void rehearseStop() {
    final PageBits some = PageBits.allocate(space.pageCount());
    for (long page = 0; page < space.pageCount(); page += REHEARSAL_STEP) {
      some.set(page);
    }
    final long begun = System.nanoTime();
    for (int i = 0; i < REHEARSALS && System.nanoTime() - begun < REHEARSAL_NS; i++) {
      final WarmupPlan scratch =
          new WarmupPlan(
              space,
              new PageMap(PageBits.allocate(space.pageCount())),
              new PageOrigins(space.pageCount()),
              new PageHeat(space.pageCount()));
      scratch.noteData(some);
      scratch.onGivenBack(0, 1);
      scratch.onLastScan(some);
      scratch.missingBytes();
    }
  }

  private Decision withoutTracking() {
    return new Decision(
        true, options.limits().precopy(), Reason.NO_TRACKING, "no warm-up: " + tracking.why());
  }

  private void readRounds(final Pager pager)
      throws MigrationException, IOException, InterruptedException {
    do {
      final RoundMeter meter = new RoundMeter(rounds.size() + 1);
      do {
        readOnce(pager, meter);
        if (decision == null) {
          decision = decideAfter(meter.end());
        }
      } while (decision == null && hopeless && !meter.isLong());
      rounds.add(meter.end());
      listener.onWarmupRound(rounds.get(rounds.size() - 1));
    } while (decision == null);
  }

  /** Reads what is known to be missing, and asks what was written meanwhile. */
  private void readOnce(final Pager pager, final RoundMeter meter)
      throws MigrationException, IOException, InterruptedException {
    meter.begin(plan.beginRound());
    reader.begin();
    pager.wakeUp();
    decision = null;
    while (decision == null && !reader.isIdle()) {
      pump.pump(POLL_MS);
      scanIfDue();
      decision = decideDuring();
      tellProgress();
    }
    meter.endReading();
    while (decision == null && hopeless && !scanIsDue()) {
      pump.pump(POLL_MS);
      decision = decideDuring();
    }
    if (decision == null) {
      scan();
    }
  }

  /** Returns the decision to end the warm-up, or null. */
  private Decision decideDuring() {
    if (operatorWants) {
      return new Decision(true, false, Reason.OPERATOR, "the operator wants it");
    }
    return orNull(decider.during(elapsedMs(), plan.readBytes()));
  }

  private Decision decideAfter(final WarmupRound last) {
    final List<WarmupRound> withLast = new ArrayList<>(rounds);
    withLast.add(last);
    final Decision next = decider.afterRound(withLast, elapsedMs(), plan.readBytes());
    if (!next.switchOver() && !next.giveUp() && !tracking.rearms()) {
      final String why =
          tracking.tracker()
              + " cannot tell when a page was written last: "
              + (plan.missingBytes() >> 20)
              + " MiB were written since the warm-up began";
      return new Decision(true, options.limits().precopy(), Reason.WRITTEN_ONCE_STAYS_WRITTEN, why);
    }
    if (!hopeless && options.limits().precopy() && !decider.converges(withLast)) {
      hopeless = true;
      listener.onMessage(next.explanation());
    }
    return orNull(next);
  }

  private static Decision orNull(final Decision next) {
    return next.switchOver() || next.giveUp() ? next : null;
  }

  private long elapsedMs() {
    return (System.nanoTime() - startedNs) / 1_000_000;
  }

  private boolean scanIsDue() {
    final long guestNs = Math.min(MAX_GUEST_NS, GUEST_TIME_FACTOR * FIRST_WRITE_NS * writtenPages);
    final long interval =
        Math.max(MIN_SCAN_INTERVAL_NS, Math.max(SCAN_TIME_FACTOR * scanNs, guestNs));
    return requestedScans == answeredScans && System.nanoTime() - lastRequestNs >= interval;
  }

  private void scanIfDue() throws IOException {
    if (scanIsDue()) {
      requestScan();
    }
  }

  private void requestScan() throws IOException {
    requestedScans++;
    lastRequestNs = System.nanoTime();
    control.send(FrameType.SCAN);
  }

  /** Asks what was written up to now, and waits for the answer. */
  private void scan() throws MigrationException, IOException, InterruptedException {
    await("the source did not answer", () -> requestedScans == answeredScans);
    requestScan();
    await("the source did not answer", () -> requestedScans == answeredScans);
  }

  private void tellProgress() {
    final long now = System.nanoTime();
    if (now - lastProgressNs < PROGRESS_INTERVAL_NS) {
      return;
    }
    final long bytes = plan.readBytes();
    final long rate =
        lastProgressNs == 0
            ? 0
            : (bytes - lastProgressBytes) * 1_000_000_000L / (now - lastProgressNs);
    lastProgressNs = now;
    lastProgressBytes = bytes;
    listener.onProgress(new Progress(plan.dataBytes(), plan.missingBytes(), 0, 0, rate));
  }

  /** A thing to wait for. */
  private interface Condition {
    boolean holds();
  }

  private void await(final String complaint, final Condition condition)
      throws MigrationException, InterruptedException {
    final long deadline = System.nanoTime() + ANSWER_TIMEOUT_NS;
    while (!condition.holds()) {
      if (System.nanoTime() - deadline > 0) {
        throw MigrationException.failed(complaint + " within its time");
      }
      pump.pump(POLL_MS);
    }
  }

  /** Returns the figures, once the guest has stopped. */
  WarmupReport report() {
    return new WarmupReport(
        isTracked() ? tracking.tracker() : null,
        (startedNs - originNs) / 1_000_000,
        (endedNs - startedNs) / 1_000_000,
        tracking == null ? 0 : tracking.armNs(),
        List.copyOf(rounds),
        answeredScans,
        plan.readBytes(),
        decision == null ? "" : decision.reason().label(),
        decision == null ? "" : decision.explanation(),
        missingBytes,
        uncleanPages,
        lastScanNs,
        missingAfterStopBytes);
  }

  /** The figures of one round, from what they were at its beginning. */
  private final class RoundMeter {
    private final int number;
    private final long begunMs = elapsedMs();
    private final long begunNs = System.nanoTime();
    private final long readBytes = plan.readBytes();
    private final long wastedBytes = plan.wastedBytes();
    private final long invalidatedBytes = plan.invalidatedBytes();
    private final int scans = answeredScans;
    private long bytes;
    private long readingSinceNs;
    private long readingNs;

    RoundMeter(final int number) {
      this.number = number;
    }

    void begin(final long moreBytes) {
      bytes += moreBytes;
      readingSinceNs = System.nanoTime();
    }

    /** All has been read; what follows tells nothing of the bandwidth. */
    void endReading() {
      readingNs += System.nanoTime() - readingSinceNs;
    }

    boolean isLong() {
      return System.nanoTime() - begunNs >= HOPELESS_ROUND_NS;
    }

    WarmupRound end() {
      final long durationNs = Math.max(1, System.nanoTime() - begunNs);
      final long read = plan.readBytes() - readBytes;
      final long wasted = plan.wastedBytes() - wastedBytes;
      final long invalidated = plan.invalidatedBytes() - invalidatedBytes;
      return new WarmupRound(
          number,
          begunMs,
          durationNs / 1_000_000,
          bytes,
          read,
          wasted,
          invalidated,
          plan.missingBytes(),
          plan.hotBytes(),
          plan.validBytes(),
          answeredScans - scans,
          scanNs,
          perSecond(read, Math.max(1, readingNs)),
          perSecond(wasted + invalidated, durationNs));
    }

    private long perSecond(final long amount, final long durationNs) {
      return (long) (amount * 1e9 / durationNs);
    }
  }
}
