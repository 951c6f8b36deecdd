package io.farpage.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A network of this machine and one guest: a bridge, and a tap device for each of the two hosts
 * that the guest may be on. It has four addresses of 198.18.0.0/15, which is set aside for
 * benchmarks.
 *
 * <p>A host in a network namespace has a bridge of its own there, and a cable to this one, which is
 * not the link that migrations take. Give it to the {@link Testbed} behind the link and before the
 * programs that use it.
 */
final class TapNetwork implements AutoCloseable {
  /** So many QEMUs may be in it at a time. */
  static final int TAPS = 2;

  private static final int NETWORKS = 1 << 15;
  private static final int BITS = 30;

  /** A packet that was lost when the guest moved is sent again after so long, not after 200 ms. */
  private static final String LEAST_RETRANSMISSION = "10ms";

  /** As the kernel numbers the states of a bridge's port. */
  private static final String FORWARDING = "3";

  private static final long TIMEOUT_NS = 10_000_000_000L;
  private static final long POLL_NS = 20_000_000;

  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final String name;
  private final int number;
  private final List<LimitedLink.End> namespaces;

  private TapNetwork(final String name, final int number, final List<LimitedLink.End> namespaces) {
    this.name = name;
    this.number = number;
    this.namespaces = namespaces;
  }

  /**
   * Makes it, as root.
   *
   * @param link whose ends are the hosts; null when both are this machine
   */
  static TapNetwork open(final LimitedLink link) throws IOException {
    final long pid = ProcessHandle.current().pid();
    final int count = NUMBERS.getAndIncrement();
    // a device's name has at most 15 characters
    final TapNetwork network =
        new TapNetwork(
            "fp" + pid + "n" + count,
            (int) ((pid * 31 + count) % NETWORKS),
            link == null ? List.of() : List.of(link.source(), link.destination()));
    try {
      network.make();
    } catch (final IOException e) {
      try {
        network.close();
      } catch (final IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    return network;
  }

  private void make() throws IOException {
    ShellCommand.run("ip", "link", "add", name, "type", "bridge");
    ShellCommand.run("ip", "address", "add", address(1) + "/" + BITS, "dev", name);
    for (int i = 0; i < TAPS; i++) {
      if (!namespaces.isEmpty()) {
        extendTo(namespaces.get(i), i);
      }
      runOn(i, "ip", "tuntap", "add", "dev", tap(i), "mode", "tap");
      runOn(i, "ip", "link", "set", tap(i), "master", name, "up");
    }
    ShellCommand.run("ip", "link", "set", name, "up");
    ShellCommand.run(
        "ip",
        "route",
        "replace",
        address(0) + "/" + BITS,
        "dev",
        name,
        "src",
        address(1),
        "rto_min",
        LEAST_RETRANSMISSION);
  }

  private void extendTo(final LimitedLink.End end, final int index) throws IOException {
    runOn(index, "ip", "link", "add", name, "type", "bridge");
    runOn(index, "ip", "link", "set", name, "up");
    final String far = cable(index) + "p";
    ShellCommand.run(
        List.of("ip", "link", "add", cable(index), "type", "veth"),
        List.of("peer", "name", far, "netns", end.namespace()));
    ShellCommand.run("ip", "link", "set", cable(index), "master", name, "up");
    runOn(index, "ip", "link", "set", far, "master", name, "up");
  }

  private String runOn(final int index, final String... command) throws IOException {
    return namespaces.isEmpty()
        ? ShellCommand.run(command)
        : ShellCommand.run(namespaces.get(index).command(), List.of(command));
  }

  private String cable(final int index) {
    return name + "c" + index;
  }

  /** Returns the name of a tap device. */
  String tap(final int index) {
    return name + "t" + index;
  }

  /**
   * Waits until packets go through a tap device: the kernel looks only once a second whether a
   * process has opened one.
   */
  void awaitForwarding(final int index) throws IOException {
    final String state = "/sys/class/net/" + tap(index) + "/brport/state";
    final long deadline = System.nanoTime() + TIMEOUT_NS;
    while (!runOn(index, "cat", state).strip().equals(FORWARDING)) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("nothing goes through " + tap(index) + ": its QEMU did not open it");
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  /** Returns a port of the guest. */
  InetSocketAddress guest(final int port) {
    return new InetSocketAddress(address(2), port);
  }

  /** Returns the guest's address with the bits of the network. */
  String guestAddressAndBits() {
    return address(2) + "/" + BITS;
  }

  private String address(final int host) {
    final int low = number * 4 + host;
    return "198." + (18 + (low >> 16)) + "." + (low >> 8 & 0xff) + "." + (low & 0xff);
  }

  @Override
  public void close() throws IOException {
    // what is in a namespace goes with that
    final String links = ShellCommand.run("ip", "-o", "link", "show");
    for (int i = 0; i < TAPS; i++) {
      delete(links, tap(i));
      delete(links, cable(i));
    }
    delete(links, name);
  }

  private static void delete(final String links, final String device) throws IOException {
    if (links.contains(": " + device + ":") || links.contains(": " + device + "@")) {
      ShellCommand.run("ip", "link", "delete", device);
    }
  }
}
