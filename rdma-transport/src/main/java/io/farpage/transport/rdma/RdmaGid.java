package io.farpage.transport.rdma;

import java.net.InetAddress;

/**
 * An entry of a port's address table.
 *
 * @param index its place in the table, from 0
 * @param address the GID as an IP address; IPv4 where it maps one
 * @param type {@code RoCE v2}, {@code IB/RoCE v1}; empty when unknown
 * @param netdev the network interface it belongs to; empty when there is none
 */
public record RdmaGid(int index, InetAddress address, String type, String netdev) {}
