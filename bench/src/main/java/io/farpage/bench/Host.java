package io.farpage.bench;

import java.util.List;

/**
 * Where a QEMU and its daemon run.
 *
 * @param address its IPv4 address
 * @param command the words to put before a command that shall run there; may be empty
 */
record Host(String address, List<String> command) {
  /** This machine, as it is. */
  static final Host HERE = new Host("127.0.0.1", List.of());

  /** Returns an end of a link as a host. */
  static Host at(final LimitedLink.End end) {
    return new Host(end.address(), end.command());
  }
}
