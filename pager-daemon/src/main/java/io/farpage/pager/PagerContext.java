package io.farpage.pager;

import io.farpage.linux.RamFile;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.prefetch.WarmupPlan;
import io.farpage.transport.PageLane;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Everything the agents of one migration need; built once, then {@link #conclude() concluded}, and
 * read-only from then on.
 */
public final class PagerContext {
  private static final long SHORTEST_CHUNK_BYTES = 64 * 1024;
  private static final long LONGEST_CHUNK_BYTES = 4 << 20;

  private static final long LONGEST_LATENCY_NS = 100_000_000_000L;

  private List<Userfaultfd> userfaultfds = List.of();
  private FaultStripes stripes;
  private GuestRegions regions;
  private RamFile[] files;
  private PageMap map;
  private PageOrigins origins;
  private List<PageLane> demandLanes = List.of();
  private PageLane bulkLane;
  private PrefetchPolicy policy;
  private BandwidthLimit prefetchLimit;
  private WarmupPlan warmupPlan;
  private BandwidthLimit warmupLimit;
  private PageHeat heat;
  private FaultRecorder recorder = FaultRecorder.NONE;
  private NanoClock clock = SystemNanoClock.INSTANCE;
  private long shortestChunkBytes = SHORTEST_CHUNK_BYTES;
  private long longestChunkBytes = LONGEST_CHUNK_BYTES;
  private PagerCounters counters;
  private Histogram[] faultLatenciesNs;
  private boolean concluded;

  /** Checks that nothing is missing and fills in defaults. */
  public PagerContext conclude() {
    if (concluded) {
      throw new IllegalStateException("the context is concluded already");
    }
    Objects.requireNonNull(regions, "regions");
    Objects.requireNonNull(files, "files");
    Objects.requireNonNull(map, "map");
    Objects.requireNonNull(origins, "origins");
    Objects.requireNonNull(bulkLane, "bulkLane");
    Objects.requireNonNull(policy, "policy");
    if (prefetchLimit == null) {
      prefetchLimit = new BandwidthLimit(0, clock);
    }
    if (stripes == null) {
      stripes = new FaultStripes(regions, 1);
    }
    final int shards = stripes.shards();
    if (userfaultfds.size() != shards || demandLanes.size() != shards) {
      throw new IllegalStateException(
          shards
              + " shards need as many userfaultfds and lanes, not "
              + userfaultfds.size()
              + " and "
              + demandLanes.size());
    }
    counters = new PagerCounters(1 + shards);
    faultLatenciesNs =
        Stream.generate(PagerContext::newLatencyHistogram).limit(shards).toArray(Histogram[]::new);
    concluded = true;
    return this;
  }

  /** Sets the userfaultfd of the VMM's address space, with all regions registered. */
  public PagerContext userfaultfd(final Userfaultfd value) {
    userfaultfds = List.of(value);
    return this;
  }

  /**
   * Sets several userfaultfds of the VMM's address space, each of which has a part of the RAM.
   *
   * @param cut whose stripe is registered with which
   * @param values one for each shard
   */
  public PagerContext userfaultfds(final FaultStripes cut, final List<Userfaultfd> values) {
    stripes = cut;
    userfaultfds = List.copyOf(values);
    return this;
  }

  /** Sets where the VMM maps the guest's pages. */
  public PagerContext regions(final GuestRegions value) {
    regions = value;
    return this;
  }

  /** Sets the RAM file of each region. */
  public PagerContext files(final RamFile[] value) {
    files = value.clone();
    return this;
  }

  /** Sets the state of every page. */
  public PagerContext map(final PageMap value) {
    map = value;
    return this;
  }

  /** Sets where pages come from. */
  public PagerContext origins(final PageOrigins value) {
    origins = value;
    return this;
  }

  /** Sets the lane for pages that the guest waits for. */
  public PagerContext demandLane(final PageLane value) {
    demandLanes = List.of(value);
    return this;
  }

  /** Sets the lanes for pages that the guest waits for, one for each shard. */
  public PagerContext demandLanes(final List<? extends PageLane> values) {
    demandLanes = List.copyOf(values);
    return this;
  }

  /** Sets the lane for pages fetched ahead. */
  public PagerContext bulkLane(final PageLane value) {
    bulkLane = value;
    return this;
  }

  /** Sets what to fetch ahead. */
  public PagerContext policy(final PrefetchPolicy value) {
    policy = value;
    return this;
  }

  /** Sets how fast to fetch ahead; without it, as fast as the link goes. */
  public PagerContext prefetchLimit(final BandwidthLimit value) {
    prefetchLimit = value;
    return this;
  }

  /**
   * Sets what is read while the guest still runs on the source; without it nothing is.
   *
   * @param plan which pages
   * @param limit how fast
   */
  public PagerContext warmup(final WarmupPlan plan, final BandwidthLimit limit) {
    warmupPlan = plan;
    warmupLimit = limit;
    return this;
  }

  /** Sets how often the guest wrote each page; without it, a fault brings one page. */
  public PagerContext heat(final PageHeat value) {
    heat = value;
    return this;
  }

  /** Sets who records the faults; without it, nobody. */
  public PagerContext recorder(final FaultRecorder value) {
    recorder = value;
    return this;
  }

  /**
   * Sets one length for all bulk reads, in bytes; a page of a region is always read whole. Without
   * it, reads are short while the guest waits for pages and grow while it does not.
   */
  public PagerContext chunkBytes(final long value) {
    shortestChunkBytes = value;
    longestChunkBytes = value;
    return this;
  }

  /** Sets the clock. */
  public PagerContext clock(final NanoClock value) {
    clock = value;
    return this;
  }

  /** Returns the counters; those of the prefetch agent, to who writes. */
  public PagerCounters counters() {
    return counters;
  }

  /** Returns the counters of a demand agent. */
  PagerCounters demandCounters(final int shard) {
    return counters.ofWriter(1 + shard);
  }

  /** Returns the latencies of demand faults in nanoseconds, of all shards as they are now. */
  public Histogram faultLatencyNs() {
    final Histogram all = newLatencyHistogram();
    for (final Histogram each : faultLatenciesNs) {
      all.add(each);
    }
    return all;
  }

  /** Returns the latencies of one shard; written by its demand agent only. */
  Histogram faultLatencyNs(final int shard) {
    return faultLatenciesNs[shard];
  }

  /** Returns the number of demand agents. */
  int shards() {
    return stripes.shards();
  }

  Userfaultfd userfaultfd(final int shard) {
    return userfaultfds.get(shard);
  }

  GuestRegions regions() {
    return regions;
  }

  PageMap map() {
    return map;
  }

  PageOrigins origins() {
    return origins;
  }

  PageLane demandLane(final int shard) {
    return demandLanes.get(shard);
  }

  PageLane bulkLane() {
    return bulkLane;
  }

  PrefetchPolicy policy() {
    return policy;
  }

  BandwidthLimit prefetchLimit() {
    return prefetchLimit;
  }

  NanoClock clock() {
    return clock;
  }

  BulkPace newBulkPace() {
    return new BulkPace(shortestChunkBytes, longestChunkBytes);
  }

  /** Returns the reader of the warm-up, or null. */
  WarmupReader newWarmupReader(final BulkPace pace) {
    return warmupPlan == null
        ? null
        : new WarmupReader(regions.space(), bulkLane, warmupPlan, warmupLimit, pace, clock);
  }

  PageHeat heat() {
    return heat;
  }

  FaultRecorder recorder() {
    return recorder;
  }

  /**
   * Returns whether what a warm-up has brought is mapped ahead of its first touch; a recording
   * shall have each touch.
   */
  boolean showsAhead() {
    return heat != null && recorder == FaultRecorder.NONE;
  }

  static Histogram newLatencyHistogram() {
    return new Histogram(1, LONGEST_LATENCY_NS, 3);
  }

  HugePageMapper newHugePageMapper() {
    return new HugePageMapper(regions.space(), map, files, newPlacement());
  }

  PagePlacement newPlacement() {
    return new PagePlacement(regions, new StripedPlacer(stripes, userfaultfds), files);
  }
}
