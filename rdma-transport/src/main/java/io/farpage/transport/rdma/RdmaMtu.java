package io.farpage.transport.rdma;

/**
 * A port's MTU, as the RDMA network counts it: 256 to 4096, 0 when unknown.
 *
 * @param activeBytes what it uses now
 * @param largestBytes what it could use
 */
public record RdmaMtu(int activeBytes, int largestBytes) {}
