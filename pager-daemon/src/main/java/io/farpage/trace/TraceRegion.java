package io.farpage.trace;

/**
 * One region of the guest's RAM, as a trace names it.
 *
 * @param id the VMM's name for it
 * @param sizeBytes its size, a positive multiple of the page size
 * @param pageSizeBytes its page size, a power of two
 */
public record TraceRegion(String id, long sizeBytes, long pageSizeBytes) {}
