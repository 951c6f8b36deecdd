package io.farpage.warmup;

/**
 * The figures of one finished round of a warm-up.
 *
 * @param round its number, from 1
 * @param startedMs when it began, since the beginning of the warm-up
 * @param durationMs how long it took
 * @param roundBytes what there was to read at its beginning
 * @param readBytes what was read, of use or not
 * @param wastedBytes the part of it that the guest wrote while it was being read
 * @param invalidatedBytes what had been read, in this round or before, and was written in it
 * @param missingBytes known data that was not here at its end
 * @param hotBytes the part of it that no round takes, because the guest writes it too often
 * @param validBytes known data that was here at its end
 * @param scans the scans for written pages that were applied in it
 * @param scanNs how long these took on the source, in all
 * @param bytesPerSecond how fast it read
 * @param dirtyBytesPerSecond how fast the guest wrote, each page counted once a scan
 */
public record WarmupRound(
    int round,
    long startedMs,
    long durationMs,
    long roundBytes,
    long readBytes,
    long wastedBytes,
    long invalidatedBytes,
    long missingBytes,
    long hotBytes,
    long validBytes,
    int scans,
    long scanNs,
    long bytesPerSecond,
    long dirtyBytesPerSecond) {}
