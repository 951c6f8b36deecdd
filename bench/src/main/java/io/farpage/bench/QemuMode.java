package io.farpage.bench;

import java.util.List;

/** QEMU's own ways to migrate a guest. */
enum QemuMode {
  /** All RAM before the guest moves, over TCP. */
  PRECOPY("tcp"),
  /** All RAM after it has moved; pages that it waits for come through the one stream. */
  POSTCOPY("tcp", "postcopy-ram"),
  /** The same; pages that it waits for come through a stream of their own. */
  PREEMPT("tcp", "postcopy-ram", "postcopy-preempt"),
  /** All RAM before the guest moves, over RDMA. */
  RDMA("rdma");

  private final String scheme;
  private final List<String> capabilities;

  QemuMode(final String scheme, final String... capabilities) {
    this.scheme = scheme;
    this.capabilities = List.of(capabilities);
  }

  /** Returns how a migration URI begins. */
  String scheme() {
    return scheme;
  }

  /** Returns what both sides must be told. */
  List<String> capabilities() {
    return capabilities;
  }

  boolean isPostcopy() {
    return capabilities.contains("postcopy-ram");
  }
}
