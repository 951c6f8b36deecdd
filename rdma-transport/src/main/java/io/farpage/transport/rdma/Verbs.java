package io.farpage.transport.rdma;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;

/** Small things that every user of verbs needs. */
final class Verbs {
  private Verbs() {}

  /**
   * Refuses what DiSNI cannot express.
   *
   * @throws IOException unless it is an IPv4 address
   */
  static void requireIpv4(final InetAddress address) throws IOException {
    if (!(address instanceof Inet4Address)) {
      throw new IOException("RDMA wants an IPv4 address, not " + address.getHostAddress());
    }
  }

  /** Notes an error of a clean-up, after which nothing else can be done. */
  static void ignored(final String what, final Exception e) {
    System.getLogger(Verbs.class.getName()).log(System.Logger.Level.DEBUG, what, e);
  }
}
