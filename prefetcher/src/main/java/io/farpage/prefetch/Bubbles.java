package io.farpage.prefetch;

import java.util.Arrays;

/**
 * Bubbles around the pages that the guest waited for: each grows from its pivot in both directions.
 *
 * <p>Bubbling with several pivots of Hines and Gopalan (VEE 2009). A fault beside a bubble makes
 * that bubble the newest one and moves its edge; a fault elsewhere begins a bubble, in place of the
 * one that had no fault for longest. Three of four turns are the newest one's, and the others share
 * the rest.
 */
final class Bubbles {
  private static final int PIVOTS = 8;
  private static final long NONE = -1;

  /** One turn in so many is another one's than the newest. */
  private static final int OTHERS_TURN = 4;

  /** A fault so near to a bubble's edge belongs to it, in pages. */
  private static final long NEAR_PAGES = 16;

  private final MissingPages missing;

  // each bubble is the pages from low to high (exclusive): what was missing there has been proposed
  private final long[] lows = new long[PIVOTS];
  private final long[] highs = new long[PIVOTS];
  private final long[] faultTimes = new long[PIVOTS];
  private final boolean[] backwardNext = new boolean[PIVOTS];
  private int newest;
  private int others;
  private int turn;
  private long faults;

  Bubbles(final MissingPages missing) {
    this.missing = missing;
    Arrays.fill(lows, NONE);
  }

  /** Returns whether a page is in a bubble or at its edge. */
  boolean isNear(final long page) {
    return bubbleAt(page) >= 0;
  }

  void onDemandFault(final long page) {
    int bubble = bubbleAt(page);
    if (bubble < 0) {
      bubble = oldest();
      lows[bubble] = page;
      highs[bubble] = page + 1;
      backwardNext[bubble] = false;
    } else if (page >= highs[bubble]) {
      highs[bubble] = page + 1;
      backwardNext[bubble] = false;
    } else if (page < lows[bubble]) {
      lows[bubble] = page;
      backwardNext[bubble] = true;
    }
    faultTimes[bubble] = ++faults;
    newest = bubble;
    turn = 0;
  }

  private int bubbleAt(final long page) {
    int best = -1;
    for (int i = 0; i < PIVOTS; i++) {
      if (lows[i] != NONE
          && page >= lows[i] - NEAR_PAGES
          && page < highs[i] + NEAR_PAGES
          && (best < 0 || faultTimes[i] > faultTimes[best])) {
        best = i;
      }
    }
    return best;
  }

  private int oldest() {
    int oldest = 0;
    for (int i = 1; i < PIVOTS; i++) {
      if (faultTimes[i] < faultTimes[oldest]) {
        oldest = i;
      }
    }
    return oldest;
  }

  /** Proposes the next run; returns false when there is no bubble that can grow. */
  boolean next(final PageRun run, final long maxLengthBytes) {
    turn++;
    if (turn % OTHERS_TURN != 0 && grow(newest, run, maxLengthBytes)) {
      return true;
    }
    for (int tries = 0; tries < PIVOTS; tries++) {
      others = (others + 1) % PIVOTS;
      if (others != newest && grow(others, run, maxLengthBytes)) {
        return true;
      }
    }
    return grow(newest, run, maxLengthBytes);
  }

  private boolean grow(final int bubble, final PageRun run, final long maxLengthBytes) {
    if (lows[bubble] == NONE) {
      return false;
    }
    final boolean backward = backwardNext[bubble];
    backwardNext[bubble] = !backward;
    final boolean grown =
        backward
            ? growDown(bubble, run, maxLengthBytes) || growUp(bubble, run, maxLengthBytes)
            : growUp(bubble, run, maxLengthBytes) || growDown(bubble, run, maxLengthBytes);
    if (!grown) {
      lows[bubble] = NONE; // it fills its region
      faultTimes[bubble] = 0;
    }
    return grown;
  }

  private boolean growUp(final int bubble, final PageRun run, final long maxLengthBytes) {
    final PageSpace space = missing.space();
    final int region = space.regionOf(lows[bubble]);
    final long regionEnd = space.endPage(region);
    final long first = missing.next(Math.min(highs[bubble], regionEnd), regionEnd);
    if (first < 0) {
      highs[bubble] = regionEnd;
      return false;
    }
    final long limit = Math.min(regionEnd, first + space.pagesIn(region, maxLengthBytes));
    final long end = Math.max(first + 1, missing.runEnd(first, limit));
    run.set(first, end - first);
    highs[bubble] = end;
    return true;
  }

  private boolean growDown(final int bubble, final PageRun run, final long maxLengthBytes) {
    final PageSpace space = missing.space();
    final int region = space.regionOf(lows[bubble]);
    final long regionStart = space.firstPage(region);
    final long last = missing.previous(regionStart, lows[bubble]);
    if (last < 0) {
      lows[bubble] = regionStart;
      return false;
    }
    final long limit = Math.max(regionStart, last + 1 - space.pagesIn(region, maxLengthBytes));
    final long first = Math.min(last, missing.runStart(last + 1, limit));
    run.set(first, last + 1 - first);
    lows[bubble] = first;
    return true;
  }
}
