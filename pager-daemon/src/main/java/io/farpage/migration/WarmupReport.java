package io.farpage.migration;

import io.farpage.warmup.WarmupRound;
import java.util.List;

/**
 * What the warm-up did.
 *
 * @param tracker how the source tracked writes, or null when it could not
 * @param startedMs when it began, in milliseconds after the destination's start
 * @param durationMs how long it took
 * @param armNs how long the source took to begin tracking
 * @param rounds one after the other
 * @param scans how often the source was asked what was written
 * @param readBytes what was read, again and again included
 * @param reason why it ended, for programs
 * @param explanation the same for people
 * @param missingBytes data known and not here when it ended
 * @param uncleanPages pages that the scan of the stopped guest named
 * @param lastScanNs how long that scan took
 * @param missingAfterStopBytes data known and not here once the guest had stopped
 */
public record WarmupReport(
    String tracker,
    long startedMs,
    long durationMs,
    long armNs,
    List<WarmupRound> rounds,
    int scans,
    long readBytes,
    String reason,
    String explanation,
    long missingBytes,
    long uncleanPages,
    long lastScanNs,
    long missingAfterStopBytes) {}
