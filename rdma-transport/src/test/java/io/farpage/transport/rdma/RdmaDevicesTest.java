package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RdmaDevicesTest {
  private static final String NO_GID = "0000:0000:0000:0000:0000:0000:0000:0000\n";

  @TempDir private Path sysfs;

  private void attribute(String path, String value) throws IOException {
    Path file = sysfs.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, value);
  }

  private void port(String path, String state, String physicalState, String linkLayer)
      throws IOException {
    attribute(path + "/state", state);
    attribute(path + "/phys_state", physicalState);
    attribute(path + "/rate", "100 Gb/sec (4X EDR)\n");
    attribute(path + "/link_layer", linkLayer);
  }

  @Test
  void hostWithoutRdmaHasNone() throws IOException {
    assertEquals(List.of(), RdmaDevices.list(sysfs.resolve("absent")));
    assertEquals(List.of(), RdmaDevices.list(sysfs));
    assertEquals(Optional.empty(), RdmaDevices.serving(InetAddress.getByName("192.0.2.1")));
  }

  @Test
  void ethernetDeviceHasAddressesOfItsInterfaces() throws IOException {
    attribute("mlx5_0/node_guid", "5054:00ff:fe12:3456\n");
    attribute("mlx5_0/fw_ver", "16.35.2000\n");
    attribute("mlx5_0/device/net/eth2/address", "");
    port("mlx5_0/ports/1", "4: ACTIVE\n", "5: LinkUp\n", "Ethernet\n");
    attribute("mlx5_0/ports/1/gids/0", "fe80:0000:0000:0000:5054:00ff:fe12:3456\n");
    attribute("mlx5_0/ports/1/gids/1", "0000:0000:0000:0000:0000:ffff:0a63:0001\n");
    attribute("mlx5_0/ports/1/gids/2", NO_GID);
    attribute("mlx5_0/ports/1/gids/10", "garbage\n");
    attribute("mlx5_0/ports/1/gid_attrs/types/1", "RoCE v2\n");
    attribute("mlx5_0/ports/1/gid_attrs/ndevs/1", "eth2.17\n");

    List<RdmaDevice> devices = RdmaDevices.list(sysfs);

    RdmaPort port =
        new RdmaPort(
            1,
            "ACTIVE",
            "LinkUp",
            "100 Gb/sec (4X EDR)",
            "Ethernet",
            List.of(
                new RdmaGid(0, InetAddress.getByName("fe80::5054:ff:fe12:3456"), "", ""),
                new RdmaGid(1, InetAddress.getByName("10.99.0.1"), "RoCE v2", "eth2.17")));
    assertEquals(
        List.of(
            new RdmaDevice(
                "mlx5_0",
                "5054:00ff:fe12:3456",
                "16.35.2000",
                List.of(port),
                new TreeSet<>(List.of("eth2", "eth2.17")),
                false)),
        devices);
    assertTrue(devices.get(0).isActive());
  }

  @Test
  void devicesAndPortsAreInOrder() throws IOException {
    for (int port : new int[] {10, 2, 1}) {
      port("qib0/ports/" + port, "1: DOWN\n", "3: Disabled\n", "InfiniBand\n");
    }
    attribute("hfi1_0/node_guid", "0011:7501:0179:e2d8\n");

    List<RdmaDevice> devices = RdmaDevices.list(sysfs);

    assertEquals(List.of("hfi1_0", "qib0"), devices.stream().map(RdmaDevice::name).toList());
    assertEquals(List.of(1, 2, 10), devices.get(1).ports().stream().map(RdmaPort::number).toList());
    assertFalse(devices.get(1).isActive());
    assertEquals(List.of(), devices.get(0).ports());
  }

  @Test
  void softwareDeviceNamesItsInterface() throws IOException {
    attribute("rxe0/parent", "dummy0\n");
    RdmaDevice device = RdmaDevices.list(sysfs).get(0);
    assertEquals(new TreeSet<>(List.of("dummy0")), device.netdevs());
    assertTrue(device.isSoftware());
  }
}
