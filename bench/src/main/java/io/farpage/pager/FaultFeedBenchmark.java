package io.farpage.pager;

import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PrefetchPolicy;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Telling the prefetch agent of a fault. */
@State(Scope.Thread)
public class FaultFeedBenchmark {
  private final Summing policy = new Summing();
  private final FaultFeed feed = new FaultFeed(policy, new BulkPace(1, 1));
  private long page;

  /** One fault, written and read by the same thread. */
  @Benchmark
  public long publishAndRead() {
    feed.publishDemand(page++);
    return feed.read() + policy.sum;
  }

  private static final class Summing implements PrefetchPolicy {
    private long sum;

    @Override
    public void onDemandFault(final long faulted) {
      sum += faulted;
    }

    @Override
    public boolean next(final PageRun run, final long maxLengthBytes) {
      return false;
    }

    @Override
    public String name() {
      return "summing";
    }
  }
}
