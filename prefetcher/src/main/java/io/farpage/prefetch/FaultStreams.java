package io.farpage.prefetch;

/**
 * Finds streams of accesses with a constant stride among the guest's faults, and proposes what
 * comes next in them.
 *
 * <p>The trend is that of Leap (Maruf and Chowdhury, ATC 2020): the majority of the last distances
 * between faults, found by Boyer and Moore's vote over the latest few, then over twice as many; so
 * noise does not hide it. Several streams are told apart by where they are: a fault belongs to the
 * stream that expected it, else to the nearest one without a trend, else it begins a stream in
 * place of the one that was not heard of for longest.
 *
 * <p>How many pages a stream is kept ahead of the guest (its window) doubles whenever the guest has
 * come through half of what was proposed, and halves when it jumped over it. It comes through where
 * a {@linkplain PageRun#marker() marker} is touched: without one, pages that came in time would be
 * touched unheard, and the stream would stop.
 *
 * <p>Distances are in pages: 1 and -1 make contiguous runs, others a run for each page.
 */
final class FaultStreams {
  private static final int STREAMS = 32;
  private static final int HISTORY = 16;
  private static final int SHORTEST_VOTE = 4;

  /** A fault within this distance may be of the same stream, in pages. */
  private static final long RADIUS_PAGES = 256;

  /** A stream with a trend is kept as if it had been heard of so many faults later. */
  private static final long TREND_BONUS = 512;

  private static final int MIN_WINDOW = 4;
  private static final long MAX_WINDOW_BYTES = 1024 * 1024;

  /** Every so many pages of a stride one is a marker. */
  private static final int STRIDED_MARKERS = 4;

  private final MissingPages missing;
  private final PageSpace space;

  private final long[] lasts = new long[STREAMS];
  private final int[] regions = new int[STREAMS];
  private final long[] distances = new long[STREAMS * HISTORY];
  private final int[] distanceCounts = new int[STREAMS];
  private final long[] trends = new long[STREAMS]; // 0: none
  private final int[] windows = new int[STREAMS]; // pages of the stream
  private final long[] aheads = new long[STREAMS]; // the first page that was not proposed
  private final long[] goals = new long[STREAMS]; // the page to stop before
  private final int[] sinceMarkers = new int[STREAMS];
  private final boolean[] touched = new boolean[STREAMS];
  private final long[] times = new long[STREAMS];
  private int used;
  private int newest;
  private long time;

  FaultStreams(final MissingPages missing) {
    this.missing = missing;
    space = missing.space();
  }

  /** Hears that the guest waits for a page that nobody had asked for. */
  void onDemandFault(final long page) {
    onAccess(page, false);
  }

  /** Hears that the guest touched a page that was in flight, or a marker. */
  void onTouch(final long page) {
    onAccess(page, true);
  }

  /** Returns whether a page is one that a stream leads to. */
  boolean isExpected(final long page) {
    return expecting(page) >= 0;
  }

  private void onAccess(final long page, final boolean fetched) {
    int stream = expecting(page);
    if (stream >= 0) {
      follow(stream, page, fetched);
    } else {
      stream = nearest(page);
      if (stream >= 0) {
        note(stream, page - lasts[stream]);
        lasts[stream] = page;
        begin(stream, page);
      } else {
        stream = replace(page);
      }
    }
    times[stream] = ++time;
    newest = stream;
  }

  /** The stream with a trend that leads to a page soonest, or -1. */
  private int expecting(final long page) {
    int best = -1;
    long bestSteps = Long.MAX_VALUE;
    for (int i = 0; i < used; i++) {
      final long trend = trends[i];
      if (trend != 0 && isOf(i, page)) {
        final long distance = page - lasts[i];
        final long steps = distance / trend;
        if (distance % trend == 0
            && steps >= 0
            && steps <= steps(i, aheads[i]) + windows[i] + MIN_WINDOW
            && steps < bestSteps) {
          best = i;
          bestSteps = steps;
        }
      }
    }
    return best;
  }

  private long steps(final int stream, final long page) {
    return (page - lasts[stream]) / trends[stream];
  }

  private int nearest(final long page) {
    int best = -1;
    long bestDistance = RADIUS_PAGES + 1;
    for (int i = 0; i < used; i++) {
      final long distance = Math.abs(page - lasts[i]);
      if (trends[i] == 0 && distance != 0 && distance < bestDistance && isOf(i, page)) {
        best = i;
        bestDistance = distance;
      }
    }
    return best;
  }

  private boolean isOf(final int stream, final long page) {
    return page >= space.firstPage(regions[stream]) && page < space.endPage(regions[stream]);
  }

  private int replace(final long page) {
    int stream = 0;
    if (used < STREAMS) {
      stream = used++;
    } else {
      long oldest = Long.MAX_VALUE;
      for (int i = 0; i < STREAMS; i++) {
        final long heard = trends[i] == 0 ? times[i] : times[i] + TREND_BONUS;
        if (heard < oldest) {
          oldest = heard;
          stream = i;
        }
      }
    }
    lasts[stream] = page;
    regions[stream] = space.regionOf(page);
    distanceCounts[stream] = 0;
    trends[stream] = 0;
    return stream;
  }

  private void note(final int stream, final long distance) {
    distances[stream * HISTORY + distanceCounts[stream] % HISTORY] = distance;
    distanceCounts[stream]++;
    if (distanceCounts[stream] == 2 * HISTORY) {
      distanceCounts[stream] = HISTORY; // only its remainder and whether all are there matter
    }
  }

  /** Looks whether a stream has a trend by now. */
  private void begin(final int stream, final long page) {
    final long trend = majority(stream);
    if (trend != 0) {
      trends[stream] = trend;
      windows[stream] = MIN_WINDOW;
      aheads[stream] = page + trend;
      goals[stream] = page + trend * (MIN_WINDOW + 1);
      sinceMarkers[stream] = 0;
      touched[stream] = false;
    }
  }

  /** The distance that is the majority of the last few, or of all; 0 when none is. */
  private long majority(final int stream) {
    final int known = Math.min(distanceCounts[stream], HISTORY);
    if (known < 2) {
      return 0;
    }
    for (int length = Math.min(known, SHORTEST_VOTE); ; length = Math.min(known, 2 * length)) {
      final long candidate = vote(stream, length);
      if (candidate != 0 || length == known) {
        return candidate;
      }
    }
  }

  /** Boyer and Moore's majority vote over the last distances, and the count that confirms it. */
  private long vote(final int stream, final int length) {
    long candidate = 0;
    int lead = 0;
    for (int i = 1; i <= length; i++) {
      final long distance = distanceAgo(stream, i);
      if (lead == 0) {
        candidate = distance;
        lead = 1;
      } else {
        lead += distance == candidate ? 1 : -1;
      }
    }
    int count = 0;
    for (int i = 1; i <= length; i++) {
      if (distanceAgo(stream, i) == candidate) {
        count++;
      }
    }
    return 2 * count > length ? candidate : 0;
  }

  private long distanceAgo(final int stream, final int ago) {
    return distances[stream * HISTORY + (distanceCounts[stream] + HISTORY - ago) % HISTORY];
  }

  /** The guest goes on as expected. */
  private void follow(final int stream, final long page, final boolean fetched) {
    final long trend = trends[stream];
    final long ahead = steps(stream, aheads[stream]);
    final long steps = steps(stream, page);
    lasts[stream] = page;
    touched[stream] |= fetched;
    if (steps >= ahead) {
      aheads[stream] = page + trend;
      if (!fetched && steps > 1 && steps > ahead && !touched[stream]) {
        // it jumped over what was proposed
        windows[stream] = Math.max(MIN_WINDOW, windows[stream] / 2);
        goals[stream] = page + trend * (windows[stream] + 1);
        return;
      }
    }
    if (steps(stream, aheads[stream]) - 1 <= windows[stream] / 2) {
      windows[stream] = Math.min(maxWindow(stream), 2 * windows[stream]);
      goals[stream] = page + trend * (windows[stream] + 1);
      touched[stream] = false;
    }
  }

  private int maxWindow(final int stream) {
    return (int) Math.max(MIN_WINDOW, space.pagesIn(regions[stream], MAX_WINDOW_BYTES));
  }

  /**
   * Proposes what is next in a stream.
   *
   * @return false when every stream is as far ahead as it should be
   */
  boolean next(final PageRun run, final long maxLengthBytes) {
    for (int i = 0; i < used; i++) {
      // the stream that was heard of last is the most urgent
      final int stream = (newest + i) % used;
      final long trend = trends[stream];
      if (trend == 1
          ? nextUp(stream, run, maxLengthBytes)
          : trend == -1
              ? nextDown(stream, run, maxLengthBytes)
              : trend != 0 && nextStrided(stream, run)) {
        return true;
      }
    }
    return false;
  }

  private boolean nextUp(final int stream, final PageRun run, final long maxLengthBytes) {
    final long goal = Math.min(goals[stream], space.endPage(regions[stream]));
    if (aheads[stream] >= goal) {
      return false;
    }
    final long first = missing.next(aheads[stream], goal);
    if (first < 0) {
      aheads[stream] = goal;
      return false;
    }
    final long limit = Math.min(goal, first + space.pagesIn(regions[stream], maxLengthBytes));
    final long end = Math.max(first + 1, missing.runEnd(first, limit));
    aheads[stream] = end;
    run.set(first, end - first, end - first == 1 ? -1 : first + (end - first) / 2);
    return true;
  }

  private boolean nextDown(final int stream, final PageRun run, final long maxLengthBytes) {
    // the pages after the goal up to the one ahead, the highest first
    final long goal = Math.max(goals[stream] + 1, space.firstPage(regions[stream]));
    if (aheads[stream] < goal) {
      return false;
    }
    final long last = missing.previous(goal, aheads[stream] + 1);
    if (last < 0) {
      aheads[stream] = goal - 1;
      return false;
    }
    final long limit = Math.max(goal, last + 1 - space.pagesIn(regions[stream], maxLengthBytes));
    final long first = Math.min(last, missing.runStart(last + 1, limit));
    aheads[stream] = first - 1;
    final long count = last + 1 - first;
    run.set(first, count, count == 1 ? -1 : last - count / 2);
    return true;
  }

  private boolean nextStrided(final int stream, final PageRun run) {
    final long trend = trends[stream];
    final long firstPage = space.firstPage(regions[stream]);
    final long endPage = space.endPage(regions[stream]);
    long page = aheads[stream];
    while (page != goals[stream] && page >= firstPage && page < endPage) {
      if (missing.next(page, page + 1) >= 0) {
        aheads[stream] = page + trend;
        sinceMarkers[stream]++;
        final boolean marked = sinceMarkers[stream] >= STRIDED_MARKERS;
        if (marked) {
          sinceMarkers[stream] = 0;
        }
        run.set(page, 1, marked ? page : -1);
        return true;
      }
      page += trend;
    }
    aheads[stream] = page;
    return false;
  }
}
