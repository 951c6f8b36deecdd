package io.farpage.pager;

import io.farpage.linux.RamFile;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.prefetch.WarmupPlan;
import io.farpage.transport.PageLane;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Everything the agents of one migration need; built once, then {@link #conclude() concluded}, and
 * read-only from then on.
 */
public final class PagerContext {
  /** Length of one bulk read unless set otherwise, in bytes. */
  public static final long DEFAULT_CHUNK_BYTES = 256 * 1024;

  private static final long LONGEST_LATENCY_NS = 100_000_000_000L;

  private Userfaultfd userfaultfd;
  private GuestRegions regions;
  private RamFile[] files;
  private PageMap map;
  private PageOrigins origins;
  private PageLane demandLane;
  private PageLane bulkLane;
  private PrefetchPolicy policy;
  private BandwidthLimit prefetchLimit;
  private WarmupPlan warmupPlan;
  private BandwidthLimit warmupLimit;
  private PageHeat heat;
  private NanoClock clock = SystemNanoClock.INSTANCE;
  private long chunkBytes = DEFAULT_CHUNK_BYTES;
  private final PagerCounters counters = new PagerCounters();
  private final Histogram faultLatencyNs = newLatencyHistogram();
  private boolean concluded;

  /** Checks that nothing is missing and fills in defaults. */
  public PagerContext conclude() {
    if (concluded) {
      throw new IllegalStateException("the context is concluded already");
    }
    Objects.requireNonNull(userfaultfd, "userfaultfd");
    Objects.requireNonNull(regions, "regions");
    Objects.requireNonNull(files, "files");
    Objects.requireNonNull(map, "map");
    Objects.requireNonNull(origins, "origins");
    Objects.requireNonNull(demandLane, "demandLane");
    Objects.requireNonNull(bulkLane, "bulkLane");
    Objects.requireNonNull(policy, "policy");
    if (prefetchLimit == null) {
      prefetchLimit = new BandwidthLimit(0, clock);
    }
    concluded = true;
    return this;
  }

  /** Sets the userfaultfd of the VMM's address space, with all regions registered. */
  public PagerContext userfaultfd(final Userfaultfd value) {
    userfaultfd = value;
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
    demandLane = value;
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

  /** Sets the length of one bulk read in bytes; a page of a region is always read whole. */
  public PagerContext chunkBytes(final long value) {
    chunkBytes = value;
    return this;
  }

  /** Sets the clock. */
  public PagerContext clock(final NanoClock value) {
    clock = value;
    return this;
  }

  /** Returns the counters. */
  public PagerCounters counters() {
    return counters;
  }

  /** Returns the latencies of demand faults in nanoseconds; written by the demand agent only. */
  public Histogram faultLatencyNs() {
    return faultLatencyNs;
  }

  Userfaultfd userfaultfd() {
    return userfaultfd;
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

  PageLane demandLane() {
    return demandLane;
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

  long chunkBytes() {
    return chunkBytes;
  }

  /** Returns the reader of the warm-up, or null. */
  WarmupReader newWarmupReader() {
    return warmupPlan == null
        ? null
        : new WarmupReader(regions.space(), bulkLane, warmupPlan, warmupLimit, chunkBytes);
  }

  PageHeat heat() {
    return heat;
  }

  static Histogram newLatencyHistogram() {
    return new Histogram(1, LONGEST_LATENCY_NS, 3);
  }

  PagePlacement newPlacement() {
    return new PagePlacement(regions, userfaultfd.placer(), files);
  }
}
