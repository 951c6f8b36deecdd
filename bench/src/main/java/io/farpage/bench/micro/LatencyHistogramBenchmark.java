package io.farpage.bench.micro;

import org.HdrHistogram.Histogram;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Noting a fault's latency, as the demand agent does. */
@State(Scope.Thread)
public class LatencyHistogramBenchmark {
  private final Histogram latencyNs = new Histogram(1, 100_000_000_000L, 3);
  private long latency = 1;

  /** One value of some microseconds. */
  @Benchmark
  public void record() {
    latency = latency * 31 & 0xffff | 1;
    latencyNs.recordValue(latency);
  }
}
