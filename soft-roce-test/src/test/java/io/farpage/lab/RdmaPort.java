package io.farpage.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The port of an RDMA adapter that has an IPv4 address.
 *
 * @param device its name
 * @param gidIndex where the address is in its table
 */
record RdmaPort(String device, int gidIndex) {
  private static final Path DEVICES = Path.of("/sys/class/infiniband");

  /** That of this host: it has the address {@code FARPAGE_LAB_ADDRESS}. */
  static RdmaPort own() throws IOException {
    String address = System.getenv("FARPAGE_LAB_ADDRESS");
    byte[] bytes = InetAddress.getByName(address).getAddress();
    String gid =
        String.format(
            "0000:0000:0000:0000:0000:ffff:%02x%02x:%02x%02x",
            bytes[0], bytes[1], bytes[2], bytes[3]);
    if (!Files.isDirectory(DEVICES)) {
      throw new IOException("the kernel has no RDMA adapter");
    }
    try (Stream<Path> files = Files.find(DEVICES, 1, (path, type) -> !path.equals(DEVICES))) {
      for (Path device : files.toList()) {
        Path gids = device.resolve("ports/1/gids");
        for (int index = 0; index < 16 && Files.exists(gids.resolve("" + index)); index++) {
          if (Files.readString(gids.resolve("" + index)).strip().equals(gid)) {
            return new RdmaPort(device.getFileName().toString(), index);
          }
        }
      }
    }
    throw new IOException("no RDMA adapter has the address " + address);
  }

  /** What the kernel says of this port: a file of its directory. */
  String attribute(String name) throws IOException {
    return Files.readString(DEVICES.resolve(device).resolve("ports/1").resolve(name)).strip();
  }
}
