package io.farpage.prefetch;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Combines the other policies, and gives each its share by how often its pages are used.
 *
 * <p>What is due in a stream with a trend goes first, since it is small and wanted soon; when such
 * pages turn out not to be used, it gets turns like the others. Those are a recording, what the
 * guest writes most (both only where there is such a thing), bubbles, and the sweep. The sweep
 * guarantees that every page is proposed. It goes to where the latest fault was now and then only:
 * where the guest touches memory at random, a sweep that follows each fault leaves scraps behind,
 * and reads of scraps are slow.
 *
 * <p>A member's hit rate has two sources. One page of every 64 KiB that it proposes, and after some
 * time of every MiB, is a {@linkplain PageRun#marker() marker}: a trial, and a hit once the guest
 * touches it. And each demand fault is a trial of every member that has an opinion on that page: a
 * hit for those that would have brought it, a miss for the others. Who proposed a page is kept in
 * one byte a page, off the heap. How rates become shares: {@link PolicyShares}.
 */
public final class AdaptivePolicy implements PrefetchPolicy {
  private static final int SWEEP = 0;
  private static final int BUBBLE = 1;
  private static final int HOT = 2;
  private static final int REPLAY = 3;
  private static final int TREND = 4;
  private static final int MEMBERS = 5;

  private static final byte NOBODY = 0;

  // a marker costs the guest a fault, though a cheap one: few of them once a member is known
  private static final long FIRST_MARKER_BYTES = 64 * 1024;
  private static final long LAST_MARKER_BYTES = 1024 * 1024;
  private static final int MARKERS_OF_A_KIND = 8;

  /** Pages so near after the sweep's place would have come soon. */
  private static final long NEAR_SWEEP_BYTES = 64 * 1024;

  /** Longer reads do not make a link faster, but the guest waits for the end of one. */
  private static final long MAX_RUN_BYTES = 256 * 1024;

  private static final long SWEPT_IN_ONE_GO_BYTES = 1024 * 1024;

  private static final double LEAST_TREND_RATE = 0.125;

  private final MissingPages missing;
  private final PageSpace space;
  private final PageHeat heat;
  private final FaultStreams streams;
  private final RecordedOrder recorded;
  private final HotFirstPolicy hot;
  private final Bubbles bubbles;
  private final SweepPolicy sweep;
  private final PolicyShares shares = new PolicyShares(MEMBERS);
  private final long[] unmarkedBytes = new long[MEMBERS];
  private final long[] markerBytes = new long[MEMBERS];
  private final int[] markers = new int[MEMBERS];
  private final MutableDirectBuffer owners;
  private long sweptBytes = SWEPT_IN_ONE_GO_BYTES;

  /**
   * Creates the policy.
   *
   * @param heat how often the guest wrote each page, or null when it was not measured
   * @param faults what it touched in an earlier run, or null
   */
  public AdaptivePolicy(
      final MissingPages missing, final PageHeat heat, final RecordedFaults faults) {
    this.missing = missing;
    this.heat = heat;
    space = missing.space();
    streams = new FaultStreams(missing);
    recorded = faults == null ? null : new RecordedOrder(missing, faults);
    hot = heat == null ? null : new HotFirstPolicy(missing, heat);
    bubbles = new Bubbles(missing);
    sweep = new SweepPolicy(missing);
    owners = new UnsafeBuffer(ByteBuffer.allocateDirect(Math.toIntExact(space.pageCount())));
    Arrays.fill(markerBytes, FIRST_MARKER_BYTES);
    // who knows something of this guest is believed until it is found wrong
    shares.expect(TREND, 8, 8);
    shares.expect(REPLAY, 16, 16);
    shares.expect(HOT, 14, 16);
    shares.expect(BUBBLE, 2, 8);
    shares.expect(SWEEP, 2, 8);
  }

  @Override
  public void onDemandFault(final long page) {
    if (recorded != null) {
      judge(REPLAY, recorded.contains(page));
      recorded.onDemandFault(page);
    }
    if (heat != null) {
      judge(HOT, heat.of(page) > 0);
      hot.onDemandFault(page);
    }
    if (streams.isExpected(page)) {
      judge(TREND, true); // it came too late, but it goes the right way
    }
    judge(BUBBLE, bubbles.isNear(page));
    judge(SWEEP, sweep.isNear(page, NEAR_SWEEP_BYTES));
    bubbles.onDemandFault(page);
    if (sweptBytes >= SWEPT_IN_ONE_GO_BYTES) {
      sweep.onDemandFault(page);
      sweptBytes = 0;
    }
    streams.onDemandFault(page);
  }

  private void judge(final int member, final boolean hit) {
    shares.onTrial(member);
    if (hit) {
      shares.onHit(member);
    }
  }

  @Override
  public void onTouch(final long page) {
    final byte owner = owners.getByte((int) page);
    if (owner < NOBODY) {
      // a marker, and its first touch
      shares.onHit(-owner - 1);
      owners.putByte((int) page, (byte) -owner);
    }
    streams.onTouch(page);
  }

  @Override
  public boolean next(final PageRun run, final long longestBytes) {
    final long maxLengthBytes = Math.min(longestBytes, MAX_RUN_BYTES);
    int able = (1 << MEMBERS) - 1;
    if (shares.rate(TREND) >= LEAST_TREND_RATE) {
      if (streams.next(run, maxLengthBytes)) {
        own(TREND, run);
        return true;
      }
      able &= ~(1 << TREND);
    }
    while (able != 0) {
      final int member = shares.choose(able);
      if (nextOf(member, run, maxLengthBytes)) {
        shares.take(own(member, run));
        return true;
      }
      able &= ~(1 << member);
    }
    return false;
  }

  private boolean nextOf(final int member, final PageRun run, final long maxLengthBytes) {
    return switch (member) {
      case TREND -> streams.next(run, maxLengthBytes);
      case REPLAY -> recorded != null && recorded.next(run, maxLengthBytes);
      case HOT -> hot != null && hot.nextHot(run, maxLengthBytes);
      case BUBBLE -> bubbles.next(run, maxLengthBytes);
      default -> sweep.next(run, maxLengthBytes);
    };
  }

  /** Notes whose a run is, and gives it a marker when one is due; returns its length in bytes. */
  private long own(final int member, final PageRun run) {
    final long first = run.firstPage();
    final long count = run.pageCount();
    final long lengthBytes = count * space.pageSizeBytes(space.regionOf(first));
    final byte owner = (byte) (member + 1);
    for (long page = first; page < first + count; page++) {
      owners.putByte((int) page, owner);
    }
    long marker = run.marker();
    unmarkedBytes[member] += lengthBytes;
    sweptBytes += member == SWEEP ? lengthBytes : 0;
    if (marker < 0 && unmarkedBytes[member] >= markerBytes[member]) {
      marker = first + count / 2;
      run.set(first, count, marker);
      if (++markers[member] % MARKERS_OF_A_KIND == 0) {
        markerBytes[member] = Math.min(LAST_MARKER_BYTES, 2 * markerBytes[member]);
      }
    }
    if (marker >= 0) {
      unmarkedBytes[member] = 0;
      owners.putByte((int) marker, (byte) -owner);
      shares.onTrial(member);
    }
    return lengthBytes;
  }

  @Override
  public String name() {
    return "auto";
  }
}
