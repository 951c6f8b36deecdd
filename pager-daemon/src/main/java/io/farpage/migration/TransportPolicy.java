package io.farpage.migration;

/** Which transports the operator allows. */
public enum TransportPolicy {
  /** RDMA where both sides have a device with a way to each other, else TCP. */
  AUTO,
  /** RDMA; without it there is no migration. */
  RDMA,
  /** TCP. */
  TCP
}
