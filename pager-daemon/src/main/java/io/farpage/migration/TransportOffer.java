package io.farpage.migration;

import io.farpage.control.Wire;
import io.farpage.transport.rdma.RdmaDestination;
import io.farpage.transport.rdma.RdmaSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * The transports that one side can use towards the other.
 *
 * @param names their names on the wire, best first
 * @param why what the operator should know, above all why the first is not RDMA; may be empty
 */
record TransportOffer(List<String> names, String why) {
  static final String RDMA = "rdma";
  static final String TCP = "tcp";

  /** Looks whether RDMA works on this host. */
  private interface Check {
    void run() throws IOException;
  }

  /** Finds out what a destination can use to reach a source. */
  static TransportOffer ofDestination(
      final TransportPolicy policy, final Wire wire, final InetSocketAddress source)
      throws MigrationException {
    return of(policy, wire, () -> RdmaDestination.requireRoute(source));
  }

  /** Finds out what a source can use on the address that a destination has reached it by. */
  static TransportOffer ofSource(
      final TransportPolicy policy, final Wire wire, final InetAddress local)
      throws MigrationException {
    return of(policy, wire, () -> RdmaSource.requireDevice(local));
  }

  /** Says which transport it is, and why or with what consequence. */
  static String describe(
      final String transport, final String here, final String peer, final String there) {
    String why = here;
    if (why.isEmpty() && !transport.equals(RDMA) && there != null && !there.isEmpty()) {
      why = peer + ": " + there;
    }
    return "transport " + transport + (why.isEmpty() ? "" : " (" + why + ")");
  }

  private static TransportOffer of(final TransportPolicy policy, final Wire wire, final Check check)
      throws MigrationException {
    if (policy == TransportPolicy.TCP) {
      return new TransportOffer(List.of(TCP), "this side has --transport tcp");
    }
    if (policy == TransportPolicy.AUTO && wire.isEncrypted()) {
      return new TransportOffer(
          List.of(TCP),
          "RDMA does not encrypt; --transport rdma on both sides uses it all the same");
    }
    try {
      check.run();
    } catch (final IOException e) {
      if (policy == TransportPolicy.RDMA) {
        throw new MigrationException(
            Outcome.REFUSED,
            "--transport rdma: " + Conductor.message(e) + "; `farpage doctor` lists the devices",
            e);
      }
      return new TransportOffer(List.of(TCP), "no RDMA on this side: " + Conductor.message(e));
    }
    if (policy == TransportPolicy.AUTO) {
      return new TransportOffer(List.of(RDMA, TCP), "");
    }
    return new TransportOffer(
        List.of(RDMA),
        wire.isEncrypted() ? "guest memory travels unencrypted: TLS covers the rest only" : "");
  }
}
