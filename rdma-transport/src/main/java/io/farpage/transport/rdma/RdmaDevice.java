package io.farpage.transport.rdma;

import java.io.IOException;
import java.util.List;
import java.util.SortedSet;

/**
 * An RDMA device, as the kernel lists it. Texts are empty when unknown.
 *
 * @param name for example {@code mlx5_0}, {@code rxe0}
 * @param nodeGuid its worldwide number, for example {@code 5054:00ff:fe12:3456}
 * @param firmware the version of its firmware
 * @param ports in the order of their numbers
 * @param netdevs the network interfaces that use it
 * @param isSoftware whether it is a driver without an adapter, such as rxe
 */
public record RdmaDevice(
    String name,
    String nodeGuid,
    String firmware,
    List<RdmaPort> ports,
    SortedSet<String> netdevs,
    boolean isSoftware) {

  /** Whether connections can be made through one of its ports. */
  public boolean isActive() {
    return ports.stream().anyMatch(RdmaPort::isActive);
  }

  /**
   * Asks it for its limits, through the verbs; needs {@link DisniLibrary} loaded.
   *
   * @throws VerbsException when it may not be opened
   * @throws UnsupportedOperationException without the libdisni that comes with Farpage
   */
  public RdmaLimits limits() throws IOException {
    return VerbsExtras.limits(name);
  }

  /**
   * Asks it for a port's MTU, through the verbs; as {@link #limits}.
   *
   * @param port one of its ports
   */
  public RdmaMtu mtu(RdmaPort port) throws IOException {
    return VerbsExtras.mtu(name, port.number());
  }
}
