package io.farpage.bench.micro;

import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageMap;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The state of pages of a guest with 4 GiB: claimed, received. */
@State(Scope.Thread)
public class PageMapBenchmark {
  private static final long PAGES = 1 << 20;
  private static final int RUN = 64;

  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private long page;

  /** One page from missing to received, and back for the next time. */
  @Benchmark
  public boolean claimAndMarkReceived() {
    page = page + 7919 & PAGES - 1;
    final boolean claimed = map.claim(page);
    map.markReceived(page, 1);
    map.invalidate(page);
    return claimed;
  }

  /** What a second fault on the same page finds. */
  @Benchmark
  public boolean claimInVain() {
    map.claim(1);
    return map.claim(1);
  }

  /** The same for a bulk read of 64 pages. */
  @Benchmark
  public long claimRunAndMarkReceived() {
    page = page + 7919 * RUN & PAGES - 1;
    final long claimed = map.claimRun(page, page + RUN);
    map.markReceived(page, claimed);
    map.invalidateRange(page, claimed);
    return claimed;
  }
}
