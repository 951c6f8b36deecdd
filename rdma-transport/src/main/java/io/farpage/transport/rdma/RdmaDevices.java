package io.farpage.transport.rdma;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The RDMA devices of this host, from {@code /sys/class/infiniband}; no library is needed. */
public final class RdmaDevices {
  private static final Path SYSFS = Path.of("/sys/class/infiniband");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
  private static final int GID_BYTES = 16;

  private RdmaDevices() {}

  /** Lists them by name; empty on a host without RDMA. */
  public static List<RdmaDevice> list() {
    return list(SYSFS);
  }

  /**
   * Finds the device through which connections of that address of this host go.
   *
   * @param local an address of a network interface of this host
   * @return empty when it is not one, or no RDMA device serves its interface
   * @throws IOException when the interfaces cannot be read
   */
  public static Optional<RdmaDevice> serving(InetAddress local) throws IOException {
    NetworkInterface netdev = NetworkInterface.getByInetAddress(local);
    return list().stream()
        .filter(device -> netdev != null && device.netdevs().contains(netdev.getName()))
        .findFirst();
  }

  /** Lists the IPv4 addresses at which an active device of this host can be reached. */
  public static List<InetAddress> addresses() {
    return list().stream()
        .filter(RdmaDevice::isActive)
        .flatMap(device -> device.ports().stream())
        .flatMap(port -> port.gids().stream())
        .map(RdmaGid::address)
        .filter(Inet4Address.class::isInstance)
        .distinct()
        .toList();
  }

  static List<RdmaDevice> list(Path directory) {
    return names(directory).stream().sorted().map(name -> device(directory, name)).toList();
  }

  private static RdmaDevice device(Path directory, String name) {
    Path device = directory.resolve(name);
    List<RdmaPort> ports = numbers(device.resolve("ports")).map(n -> port(device, n)).toList();
    SortedSet<String> netdevs = new TreeSet<>(names(device.resolve("device/net")));
    // A software device is made upon an interface.
    netdevs.add(read(device.resolve("parent")));
    ports.forEach(port -> port.gids().forEach(gid -> netdevs.add(gid.netdev())));
    netdevs.remove("");
    return new RdmaDevice(
        name,
        read(device.resolve("node_guid")),
        read(device.resolve("fw_ver")),
        ports,
        netdevs,
        !Files.exists(device.resolve("device")));
  }

  private static RdmaPort port(Path device, int number) {
    Path port = device.resolve("ports").resolve(String.valueOf(number));
    return new RdmaPort(
        number,
        withoutNumber(read(port.resolve("state"))),
        withoutNumber(read(port.resolve("phys_state"))),
        read(port.resolve("rate")),
        read(port.resolve("link_layer")),
        gids(port));
  }

  private static List<RdmaGid> gids(Path port) {
    List<RdmaGid> gids = new ArrayList<>();
    numbers(port.resolve("gids"))
        .forEach(
            index -> {
              String entry = String.valueOf(index);
              InetAddress address = address(read(port.resolve("gids").resolve(entry)));
              if (address != null && !address.isAnyLocalAddress()) {
                gids.add(
                    new RdmaGid(
                        index,
                        address,
                        read(port.resolve("gid_attrs/types").resolve(entry)),
                        read(port.resolve("gid_attrs/ndevs").resolve(entry))));
              }
            });
    return List.copyOf(gids);
  }

  /** Eight groups of four hexadecimal digits, all written out. */
  private static InetAddress address(String gid) {
    String digits = gid.replace(":", "");
    if (digits.length() != 2 * GID_BYTES) {
      return null;
    }
    try {
      return InetAddress.getByAddress(HexFormat.of().parseHex(digits));
    } catch (IllegalArgumentException | UnknownHostException e) {
      return null;
    }
  }

  /** The kernel writes {@code 4: ACTIVE}. */
  private static String withoutNumber(String state) {
    return state.substring(state.indexOf(':') + 1).strip();
  }

  private static Stream<Integer> numbers(Path directory) {
    return names(directory).stream()
        .filter(name -> NUMBER.matcher(name).matches())
        .map(Integer::valueOf)
        .sorted();
  }

  private static List<String> names(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toList());
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An attribute, empty when the device does not have it or does not tell. */
  private static String read(Path attribute) {
    try {
      return Files.readString(attribute).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
