package io.farpage.prefetch;

/**
 * Widens a demand fault to the missing neighbours that the guest writes often too: one read then
 * answers the faults that would follow.
 *
 * <p>The neighbours are contiguous to the page, of its region, known data, and of any heat at all;
 * those behind the page come first, then those before it. This is the fault clustering of operating
 * systems, with heat as the sign that neighbours are used together. A page without heat stays
 * alone: its reader is better served by a short read.
 *
 * <p>Safe beside any number of threads that claim pages; allocates nothing.
 */
public final class FaultCluster {
  private final PageMap map;
  private final PageOrigins origins;
  private final PageSpace space;
  private final PageHeat heat;
  private final long maxBytes;

  /**
   * Creates the rule.
   *
   * @param heat the heat of the pages, or null when none was measured: every page stays alone
   * @param maxBytes the longest read wanted; the page itself is always allowed
   */
  public FaultCluster(
      final PageMap map,
      final PageOrigins origins,
      final PageSpace space,
      final PageHeat heat,
      final long maxBytes) {
    this.map = map;
    this.origins = origins;
    this.space = space;
    this.heat = heat;
    this.maxBytes = maxBytes;
  }

  /**
   * Claims the neighbours that come along with a page.
   *
   * @param page claimed by the caller just now, not yet received
   * @param run receives the page and its neighbours, all claimed for the caller
   * @return the number of pages of the run, at least 1
   */
  public long claimAround(final long page, final PageRun run) {
    long first = page;
    long end = page + 1;
    if (heat != null && heat.of(page) > 0) {
      final int region = space.regionOf(page);
      final long maxPages = space.pagesIn(region, maxBytes);
      final long limit = Math.min(space.endPage(region), page + maxPages);
      while (end < limit && claim(end)) {
        end++;
      }
      final long start = Math.max(space.firstPage(region), end - maxPages);
      while (first > start && claim(first - 1)) {
        first--;
      }
    }
    run.set(first, end - first);
    return end - first;
  }

  private boolean claim(final long page) {
    return heat.of(page) > 0 && origins.data().get(page) && map.claim(page);
  }
}
