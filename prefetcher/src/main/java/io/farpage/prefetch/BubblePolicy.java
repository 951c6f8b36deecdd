package io.farpage.prefetch;

/**
 * Fetches what lies around the pages that the guest waited for, nearest first and in both
 * directions, around several of them at a time; and sweeps where no bubble can grow any more.
 *
 * <p>Bubbling with several pivots, as Hines and Gopalan describe it (Post-copy based live virtual
 * machine migration using adaptive pre-paging and dynamic self-ballooning, VEE 2009).
 */
public final class BubblePolicy implements PrefetchPolicy {
  private final Bubbles bubbles;
  private final SweepPolicy sweep;

  /** Creates a policy that sweeps until the first fault. */
  public BubblePolicy(final MissingPages missing) {
    bubbles = new Bubbles(missing);
    sweep = new SweepPolicy(missing);
  }

  @Override
  public void onDemandFault(final long page) {
    bubbles.onDemandFault(page);
  }

  @Override
  public boolean next(final PageRun run, final long maxLengthBytes) {
    return bubbles.next(run, maxLengthBytes) || sweep.next(run, maxLengthBytes);
  }

  @Override
  public String name() {
    return "bubble";
  }
}
