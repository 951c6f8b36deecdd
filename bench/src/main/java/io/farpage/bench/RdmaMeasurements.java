package io.farpage.bench;

import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.pager.WaitingIdleStrategy;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import io.farpage.transport.rdma.CompletionMode;
import io.farpage.transport.rdma.RdmaDevice;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * What {@code farpage bench rdma} measures: everything once in each round, so that what changes on
 * the machine meanwhile falls on all alike. Latencies are in microseconds, rates in MB/s.
 */
final class RdmaMeasurements implements AutoCloseable {
  static final List<Integer> SIZES = List.of(64 << 10, 256 << 10, 1 << 20);

  private static final long LENGTH_BYTES = 64 << 20;
  private static final int FAULTS = 2000;
  private static final int DEMAND_READS = 256;
  private static final long BULK_BYTES_IN_FLIGHT = 1 << 20;
  private static final long LONGEST_NS = 100_000_000_000L;

  private final boolean events;
  private final Perftest perftest;
  private final RamFile file;
  private final RdmaPeer peer;
  private final Rounds rounds = new Rounds();

  /**
   * Starts the other process and registers memory.
   *
   * @param address of the device
   * @param completions how the lanes wait
   */
  RdmaMeasurements(
      final RdmaDevice device, final InetAddress address, final CompletionMode completions)
      throws IOException {
    events = completions.spinNs(device.isSoftware()) == 0;
    perftest = new Perftest(device, address);
    file = RamFile.adopt(MemFd.create("farpage-bench", LENGTH_BYTES), true);
    final List<RdmaPeer.LaneLimit> limits = new ArrayList<>();
    limits.add(new RdmaPeer.LaneLimit(DEMAND_READS, Long.MAX_VALUE));
    for (final int size : SIZES) {
      limits.add(new RdmaPeer.LaneLimit(depth(size), depth(size) * (long) size));
    }
    try {
      peer = new RdmaPeer(address, file, limits, completions);
    } catch (final IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * READs of that size in flight: as many as a migration has. Two at least, as with one nothing
   * would be in flight while the agent works; a migration reads in shorter pieces.
   */
  static int depth(final int size) {
    return (int) Math.max(2, BULK_BYTES_IN_FLIGHT / size);
  }

  /** Has the Java machine compile what will be measured. */
  void warmUp() throws IOException {
    final Rounds unused = new Rounds();
    measureFaults("floor", new InstantLane(), unused);
    measureFaults("fault", peer.lanes().get(0), unused);
    measureLane(0, unused);
  }

  /** Measures everything once. */
  void round() throws IOException {
    measureFaults("floor", new InstantLane(), rounds);
    measureFaults("fault", peer.lanes().get(0), rounds);
    measureReadLatency("ib_read_lat -e", "-e");
    measureReadLatency("ib_read_lat");
    final String reference = latencyReference();
    for (final String percentile : List.of("p50", "p99")) {
      rounds.add(
          "fault ratio " + percentile,
          (rounds.last("fault " + percentile) - rounds.last("floor " + percentile))
              / rounds.last(reference + " " + percentile));
    }
    for (int i = 0; i < SIZES.size(); i++) {
      final String size = name(SIZES.get(i));
      measurePrefetch(i, rounds);
      measureLane(i, rounds);
      measureReadRate("ib_read_bw " + size, SIZES.get(i));
      measureReadRate("ib_read_bw -e " + size, SIZES.get(i), "-e");
      final double best =
          Math.max(rounds.last("ib_read_bw " + size), rounds.last("ib_read_bw -e " + size));
      rounds.add("prefetch ratio " + size, rounds.last("prefetch " + size) / best);
      rounds.add("lane ratio " + size, rounds.last("lane " + size) / best);
    }
    peer.requireHealthy();
  }

  /** Returns which latency of perftest the lanes are compared with: that which waits alike. */
  String latencyReference() {
    return events ? "ib_read_lat -e" : "ib_read_lat";
  }

  /** Returns how the lanes wait. */
  String completions() {
    return events ? "events" : "polling";
  }

  /** Returns the figures of all rounds. */
  Rounds rounds() {
    return rounds;
  }

  static String name(final int size) {
    return size < 1 << 20 ? (size >> 10) + "K" : (size >> 20) + "M";
  }

  private void measureFaults(final String name, final PageLane lane, final Rounds into)
      throws IOException {
    final Histogram latencyNs = new Histogram(1, LONGEST_NS, 3);
    final Histogram agentNs;
    try (ScratchGuest guest =
        new ScratchGuest(file, lane, peer.lanes().get(1), ScratchGuest.PAGE_BYTES)) {
      guest.touch(FAULTS, latencyNs);
      agentNs = guest.agentLatencyNs();
    }
    into.add(name + " p50", latencyNs.getValueAtPercentile(50) / 1e3);
    into.add(name + " p99", latencyNs.getValueAtPercentile(99) / 1e3);
    into.add(name + " agent p50", agentNs.getValueAtPercentile(50) / 1e3);
    into.add(name + " agent p99", agentNs.getValueAtPercentile(99) / 1e3);
  }

  private void measureReadLatency(final String name, final String... options) throws IOException {
    final List<String> arguments =
        new ArrayList<>(
            List.of("-s", String.valueOf(ScratchGuest.PAGE_BYTES), "-n", String.valueOf(FAULTS)));
    arguments.addAll(List.of(options));
    final List<String> output = perftest.run("ib_read_lat", arguments.toArray(String[]::new));
    rounds.add(name + " p50", PerftestOutput.value(output, "t_typical"));
    rounds.add(name + " p99", PerftestOutput.value(output, "99%"));
  }

  private void measurePrefetch(final int index, final Rounds into) throws IOException {
    final int size = SIZES.get(index);
    try (ScratchGuest guest =
        new ScratchGuest(file, new InstantLane(), peer.lanes().get(index + 1), size)) {
      into.add("prefetch " + name(size), rate(guest.prefetchAll()));
    }
  }

  /** The lane as the prefetcher uses it, without userfaultfd. */
  private void measureLane(final int index, final Rounds into) throws IOException {
    final int size = SIZES.get(index);
    final PageLane lane = peer.lanes().get(index + 1);
    final long[] done = new long[1];
    final ReadListener listener = (region, offset, length, cookie) -> done[0] += length;
    final long begin = System.nanoTime();
    try (WaitingIdleStrategy idle = new WaitingIdleStrategy(-1, lane, () -> 2, lane::spinNs)) {
      long next = 0;
      while (done[0] < LENGTH_BYTES) {
        int work = 0;
        while (next < LENGTH_BYTES && lane.tryRead(0, next, size, 0)) {
          next += size;
          work++;
        }
        work += lane.poll(listener);
        idle.idle(work);
        if (System.nanoTime() - begin > LONGEST_NS) {
          throw new IOException("the READs do not end");
        }
      }
    }
    into.add("lane " + name(size), rate(System.nanoTime() - begin));
  }

  private static double rate(final long nanos) {
    return LENGTH_BYTES * 1e3 / nanos;
  }

  private void measureReadRate(final String name, final int size, final String... options)
      throws IOException {
    final List<String> arguments =
        new ArrayList<>(
            List.of(
                "-s",
                String.valueOf(size),
                "-t",
                String.valueOf(depth(size)),
                "-n",
                String.valueOf(LENGTH_BYTES / size),
                "--report_gbits"));
    arguments.addAll(List.of(options));
    final List<String> output = perftest.run("ib_read_bw", arguments.toArray(String[]::new));
    rounds.add(name, PerftestOutput.value(output, "BW average") * 1e3 / 8);
  }

  @Override
  public void close() {
    peer.close();
    file.close();
  }
}
