package io.farpage.migration;

/**
 * How far the memory has moved.
 *
 * @param totalBytes data that the source has to give; -1 while it is not known
 * @param remainingBytes of these, what is still missing
 * @param demandFaults faults answered by a remote read so far
 * @param prefetchedPages pages fetched ahead so far
 * @param bytesPerSecond rate since the last progress
 */
public record Progress(
    long totalBytes,
    long remainingBytes,
    long demandFaults,
    long prefetchedPages,
    long bytesPerSecond) {}
