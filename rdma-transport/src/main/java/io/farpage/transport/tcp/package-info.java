/**
 * The transport for hosts without RDMA: requests go out on a TCP connection, pages come back on it.
 *
 * <p>A request is {@value io.farpage.transport.tcp.PageRequest#LENGTH_BYTES} bytes; the answer is
 * nothing but the bytes asked for, in the order of the requests. The source sends from its mapping
 * of the RAM file and the destination receives into its own, so that page data passes through the
 * kernel's socket buffers and through no other memory.
 */
package io.farpage.transport.tcp;
