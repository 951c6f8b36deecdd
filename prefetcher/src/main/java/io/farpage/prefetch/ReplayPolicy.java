package io.farpage.prefetch;

/**
 * Fetches what the guest touched in an earlier run, in that order, and then sweeps.
 *
 * <p>Recording and replaying the working set is that of REAP (Ustiugov et al., Benchmarking,
 * analysis, and optimization of serverless function snapshots, ASPLOS 2021); neighbours that are
 * near in the recording come in one run, as in FaaSnap (Ao et al., EuroSys 2022).
 *
 * <p>A recording may be stale, or of another guest: its pages that are here, or are no data, are
 * passed over. The list of data must be complete: what becomes data later is left to the sweep.
 */
public final class ReplayPolicy implements PrefetchPolicy {
  private final RecordedOrder order;
  private final SweepPolicy sweep;

  /** Creates a policy that begins with the first recorded page. */
  public ReplayPolicy(final MissingPages missing, final RecordedFaults faults) {
    order = new RecordedOrder(missing, faults);
    sweep = new SweepPolicy(missing);
  }

  @Override
  public void onDemandFault(final long page) {
    order.onDemandFault(page);
    sweep.onDemandFault(page);
  }

  @Override
  public boolean next(final PageRun run, final long maxLengthBytes) {
    return order.next(run, maxLengthBytes) || sweep.next(run, maxLengthBytes);
  }

  @Override
  public String name() {
    return "replay";
  }
}
