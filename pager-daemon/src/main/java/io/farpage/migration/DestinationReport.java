package io.farpage.migration;

import io.farpage.pager.PagerCounters;
import io.farpage.prefetch.PageSpace;
import org.HdrHistogram.Histogram;

/**
 * The figures of a completed migration, as the destination knows them.
 *
 * @param mode {@code hybrid}, {@code precopy} or {@code postcopy}
 * @param warmup what was done while the guest ran on the source; null without a warm-up
 * @param transport how pages came
 * @param oneSidedBytes the bytes that came by one-sided READs
 * @param demandAgents how many answered the guest's faults
 * @param space the guest's pages
 * @param dataBytes what the source's RAM files held
 * @param counters what the pager counted
 * @param faultLatencyNs from reading a fault to the end of CONTINUE, for faults with a remote read
 * @param collections garbage collections between the resume and the end
 * @param agentsAllocatedBytes what the agents allocated on the heap in that time
 * @param source the source's figures; null when its last word was lost
 */
public record DestinationReport(
    String mode,
    WarmupReport warmup,
    String transport,
    long oneSidedBytes,
    int demandAgents,
    PageSpace space,
    long dataBytes,
    PagerCounters counters,
    Histogram faultLatencyNs,
    long collections,
    long agentsAllocatedBytes,
    SourceReport source) {}
