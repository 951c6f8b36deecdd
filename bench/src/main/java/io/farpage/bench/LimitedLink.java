package io.farpage.bench;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two network namespaces with a cable of limited rate between them: two hosts, on one machine.
 *
 * <p>Programs that are started behind {@link End#command} have only this network; files, and so
 * UNIX sockets and RAM files, they share with everyone. Give a link to the {@link Testbed} before
 * the programs that use it: then it goes after them, and also when the program is interrupted.
 */
final class LimitedLink implements AutoCloseable {
  private static final String DEVICE = "link0";

  /** So much may leave at once after a pause: two of the packets that TCP hands to a device. */
  private static final int BURST_BYTES = 128 << 10;

  /** What would wait longer than this is dropped. */
  private static final int LATENCY_MS = 50;

  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final End source;
  private final End destination;

  /**
   * One end.
   *
   * @param namespace its network namespace, as {@code ip netns} names it
   * @param address its IPv4 address, which only the two ends know
   */
  record End(String namespace, String address) {
    /** Returns the words to put before a command that shall run here. */
    List<String> command() {
      return List.of("ip", "netns", "exec", namespace);
    }
  }

  private LimitedLink(final String name) {
    source = new End(name + "-source", "192.0.2.1");
    destination = new End(name + "-dest", "192.0.2.2");
  }

  /**
   * Makes the namespaces and the link, as root.
   *
   * @param bytesPerSecond the limit of each direction, on the wire: with the headers of Ethernet,
   *     IP and TCP, which take 4 %
   */
  static LimitedLink open(final long bytesPerSecond) throws IOException {
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException("a link of " + bytesPerSecond + " bytes per second");
    }
    final LimitedLink link =
        new LimitedLink(
            "farpage-" + ProcessHandle.current().pid() + "-" + NUMBERS.incrementAndGet());
    try {
      link.make(bytesPerSecond);
    } catch (final IOException | RuntimeException e) {
      try {
        link.close();
      } catch (final IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    return link;
  }

  private void make(final long bytesPerSecond) throws IOException {
    ShellCommand.run("ip", "netns", "add", source.namespace);
    ShellCommand.run("ip", "netns", "add", destination.namespace);
    ShellCommand.run(
        List.of("ip", "link", "add", DEVICE, "netns", source.namespace, "type", "veth"),
        List.of("peer", "name", DEVICE, "netns", destination.namespace));
    for (final End end : List.of(source, destination)) {
      runIn(end, "ip", "address", "add", end.address + "/30", "dev", DEVICE);
      runIn(end, "ip", "link", "set", "lo", "up");
      runIn(end, "ip", "link", "set", DEVICE, "up");
      ShellCommand.run(
          end.command(),
          List.of("tc", "qdisc", "add", "dev", DEVICE, "root", "tbf"),
          List.of("rate", Math.multiplyExact(8, bytesPerSecond) + "bit"),
          List.of("burst", String.valueOf(BURST_BYTES), "latency", LATENCY_MS + "ms"));
    }
  }

  /** Returns the end for the source's daemon. */
  End source() {
    return source;
  }

  /** Returns the end for the destination's daemon. */
  End destination() {
    return destination;
  }

  /** Returns how many bytes both ends have sent so far, with the headers of Ethernet. */
  long sentBytes() throws IOException {
    long bytes = 0;
    for (final End end : List.of(source, destination)) {
      final String count =
          ShellCommand.run(
              end.command(), List.of("cat", "/sys/class/net/" + DEVICE + "/statistics/tx_bytes"));
      bytes += Long.parseLong(count.strip());
    }
    return bytes;
  }

  /**
   * Removes both namespaces. Processes that still run there lose the link at once and keep a
   * namespace without a name until they end.
   */
  @Override
  public void close() throws IOException {
    final String names = ShellCommand.run("ip", "netns", "list");
    IOException failure = null;
    for (final End end : List.of(source, destination)) {
      if (names.lines().noneMatch(line -> line.split(" ")[0].equals(end.namespace))) {
        continue; // never made, or closed before
      }
      try {
        if (ShellCommand.run("ip", "-netns", end.namespace, "link", "show").contains(DEVICE)) {
          runIn(end, "ip", "link", "delete", DEVICE);
        }
        ShellCommand.run("ip", "netns", "delete", end.namespace);
      } catch (final IOException e) {
        if (failure != null) {
          e.addSuppressed(failure);
        }
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static void runIn(final End end, final String... command) throws IOException {
    ShellCommand.run(end.command(), List.of(command));
  }
}
