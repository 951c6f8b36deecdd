package io.farpage.prefetch;

/** A guest of small pages that touches them one by one, and a policy that may fetch meanwhile. */
final class Guest {
  static final long PAGE = 4096;

  final PageSpace space;
  final PageMap map;
  final MissingPages missing;
  final PageRun run = new PageRun();
  private final PageBits markers;
  private PrefetchPolicy policy;
  private int faults;

  Guest(final int pages) {
    space = new PageSpace(new long[] {pages * PAGE}, new long[] {PAGE});
    map = new PageMap(PageBits.allocate(pages));
    markers = PageBits.allocate(pages);
    final PageOrigins origins = new PageOrigins(pages);
    origins.addData(0, pages);
    origins.complete();
    missing = new MissingPages(space, map, origins);
  }

  Guest with(final PrefetchPolicy value) {
    policy = value;
    return this;
  }

  int faults() {
    return faults;
  }

  /** Touches a page: it is there, or a marker, or it is waited for. */
  void touch(final long page) {
    if (map.claim(page)) {
      faults++;
      map.markReceived(page, 1);
      policy.onDemandFault(page);
    } else if (markers.get(page)) {
      markers.clear(page);
      policy.onTouch(page);
    }
  }

  /** Lets the policy fetch so many runs, which arrive at once; returns the pages. */
  int fetch(final int runs, final int maxPages) {
    int pages = 0;
    for (int i = 0; i < runs && policy.next(run, maxPages * PAGE); i++) {
      final long first = run.firstPage();
      final long count = map.claimRun(first, first + run.pageCount());
      map.markReceived(first, count);
      if (run.marker() >= 0) {
        markers.set(run.marker());
      }
      pages += (int) count;
    }
    return pages;
  }
}
