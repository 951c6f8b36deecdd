package io.farpage.bench.micro;

import io.farpage.prefetch.HotFirstPolicy;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.prefetch.SweepPolicy;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What to fetch next, for a guest with 4 GiB of which half has arrived, at random. */
@State(Scope.Thread)
public class PrefetchPolicyBenchmark {
  private static final int PAGES = 1 << 20;
  private static final long CHUNK_BYTES = 256 << 10;
  private static final int SCANS = 8;

  private final PageRun run = new PageRun();
  private PrefetchPolicy sweep;
  private PrefetchPolicy hotFirst;

  /** Has half of the pages arrive, and an eighth of them be written in each scan. */
  @Setup
  public void setUp() {
    final Random random = new Random(1);
    final PageSpace space = new PageSpace(new long[] {PAGES * 4096L}, new long[] {4096});
    final PageMap map = new PageMap(PageBits.allocate(PAGES));
    final PageOrigins origins = new PageOrigins(PAGES);
    origins.addData(0, PAGES);
    origins.complete();
    for (int i = 0; i < PAGES / 2; i++) {
      final int page = random.nextInt(PAGES);
      if (map.claim(page)) {
        map.markReceived(page, 1);
      }
    }
    final PageHeat heat = new PageHeat(PAGES);
    for (int scan = 0; scan < SCANS; scan++) {
      final PageBits written = PageBits.allocate(PAGES);
      for (int i = 0; i < PAGES / 8; i++) {
        written.set(random.nextInt(PAGES));
      }
      heat.onScan(written);
    }
    final MissingPages missing = new MissingPages(space, map, origins);
    sweep = new SweepPolicy(missing);
    hotFirst = new HotFirstPolicy(missing, heat);
  }

  /** The sweep goes on. */
  @Benchmark
  public boolean sweepNext() {
    return sweep.next(run, CHUNK_BYTES);
  }

  /** The hottest pages first. */
  @Benchmark
  public boolean hotFirstNext() {
    return hotFirst.next(run, CHUNK_BYTES);
  }
}
