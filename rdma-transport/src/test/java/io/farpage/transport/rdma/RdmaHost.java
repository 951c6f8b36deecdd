package io.farpage.transport.rdma;

import java.net.Inet4Address;
import java.net.InetAddress;
import org.junit.jupiter.api.Assumptions;

/** The RDMA device that the tests tagged {@code rdma} use. */
final class RdmaHost {
  private RdmaHost() {}

  /** Loads the library, and skips the test loudly where there is nothing to test with. */
  static InetAddress requireAddress() throws RdmaUnavailableException {
    InetAddress address =
        RdmaDevices.list().stream()
            .flatMap(device -> device.ports().stream())
            .filter(RdmaPort::isActive)
            .flatMap(port -> port.gids().stream())
            .map(RdmaGid::address)
            .filter(Inet4Address.class::isInstance)
            .findFirst()
            .orElse(null);
    if (address == null) {
      String reason = "NOT TESTED: no active RDMA device with an IPv4 address on this host";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
    DisniLibrary.load();
    return address;
  }

  /** The device that has the address. */
  static RdmaDevice device() throws Exception {
    return RdmaDevices.serving(requireAddress()).orElseThrow();
  }
}
