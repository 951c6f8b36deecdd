package io.farpage.prefetch;

/**
 * Chooses which missing pages to fetch before the guest asks for them.
 *
 * <p>Called by one thread only. A policy proposes; the caller claims, and may find that a page was
 * claimed meanwhile. A policy must propose every missing page sooner or later, and allocates
 * nothing after construction.
 */
public interface PrefetchPolicy {
  /**
   * Hears that the guest waits for a page that nobody had asked for. Some faults may go unheard
   * when there are many.
   *
   * @param page the page's number
   */
  void onDemandFault(long page);

  /**
   * Hears that the guest touched a page that was in flight, or that had arrived and was left
   * unmapped as a {@linkplain PageRun#marker() marker}. Some touches may go unheard.
   *
   * @param page the page's number
   */
  default void onTouch(final long page) {}

  /**
   * Proposes the next run.
   *
   * @param run receives consecutive missing pages of one region
   * @param maxLengthBytes the longest run wanted; one page is always allowed
   * @return false when no page is missing
   */
  boolean next(PageRun run, long maxLengthBytes);

  /** Returns the policy's name, as the command line spells it. */
  String name();
}
