/**
 * RDMA through DiSNI: its native library, found and loaded; what DiSNI itself does not tell; the
 * devices of this host.
 */
package io.farpage.transport.rdma;
