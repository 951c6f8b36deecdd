package io.farpage.prefetch;

/**
 * Fetches what comes next in the streams that the guest's faults make, forward, backward or with
 * any stride, and sweeps when nothing is due.
 *
 * <p>The majority trend is that of Leap (Maruf and Chowdhury, Effectively prefetching remote memory
 * with Leap, ATC 2020), kept for several interleaved streams.
 */
public final class TrendPolicy implements PrefetchPolicy {
  private final FaultStreams streams;
  private final SweepPolicy sweep;

  /** Creates a policy that sweeps until it has found a trend. */
  public TrendPolicy(final MissingPages missing) {
    streams = new FaultStreams(missing);
    sweep = new SweepPolicy(missing);
  }

  @Override
  public void onDemandFault(final long page) {
    streams.onDemandFault(page);
    sweep.onDemandFault(page);
  }

  @Override
  public void onTouch(final long page) {
    streams.onTouch(page);
  }

  @Override
  public boolean next(final PageRun run, final long maxLengthBytes) {
    return streams.next(run, maxLengthBytes) || sweep.next(run, maxLengthBytes);
  }

  @Override
  public String name() {
    return "trend";
  }
}
