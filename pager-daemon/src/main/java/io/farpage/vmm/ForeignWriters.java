package io.farpage.vmm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Recognises what reads and writes guest RAM past QEMU's own page tables: devices with DMA (VFIO,
 * vDPA), other processes (vhost-user, vfio-user, ivshmem), and user-space drivers with either.
 * In-kernel vhost is none of these: it works on QEMU's address space, faults as QEMU does, and
 * stops with the guest.
 *
 * <p>Plain functions on what QEMU and {@code /proc} say; each returns one description a finding.
 */
final class ForeignWriters {
  private static final Pattern TYPE =
      Pattern.compile(
          "^child<(vfio-.*|.*vhost-user.*|.*vhost-vdpa.*|ivshmem.*|pvrdma|x-pci-proxy-dev|x-vfio-user-server)>$");
  private static final Pattern NETDEV =
      Pattern.compile("(?m)^[\\s\\\\]*([^\\s:]+): index=\\d+,type=(vhost-user|vhost-vdpa)\\b");
  private static final Pattern BLOCK_DRIVER =
      Pattern.compile("nvme|virtio-blk-vhost-user|virtio-blk-vhost-vdpa|virtio-blk-vfio-pci");
  private static final Pattern DESCRIPTOR =
      Pattern.compile("/dev/vfio/.+|/dev/iommu|/dev/vhost-vdpa.*|anon_inode:\\[?vfio-.*");

  private ForeignWriters() {}

  /** In a {@code qom-list} of devices or objects. */
  static List<String> inQomList(JsonNode children) {
    List<String> found = new ArrayList<>();
    for (JsonNode child : children) {
      Matcher type = TYPE.matcher(child.path("type").asText());
      if (type.matches()) {
        found.add("device '" + child.path("name").asText() + "' (" + type.group(1) + ")");
      }
    }
    return found;
  }

  /**
   * In the human monitor's {@code info network}; QMP has no command that lists network back ends.
   */
  static List<String> inNetworkInfo(String infoNetwork) {
    List<String> found = new ArrayList<>();
    Matcher netdev = NETDEV.matcher(infoNetwork);
    while (netdev.find()) {
      String id = netdev.group(1);
      found.add("network backend '" + id + "' (" + netdev.group(2) + ")");
    }
    return found;
  }

  /** In {@code query-named-block-nodes}. */
  static List<String> inBlockNodes(JsonNode nodes) {
    List<String> found = new ArrayList<>();
    for (JsonNode node : nodes) {
      String driver = node.path("drv").asText();
      if (BLOCK_DRIVER.matcher(driver).matches()) {
        found.add("block node '" + node.path("node-name").asText() + "' (" + driver + ")");
      }
    }
    return found;
  }

  /** In the link targets of {@code /proc/PID/fd}: what QEMU has open, whatever it calls it. */
  static List<String> inDescriptors(Collection<String> targets) {
    return targets.stream()
        .filter(target -> DESCRIPTOR.matcher(target).matches())
        .distinct()
        .map(target -> "open descriptor " + target)
        .toList();
  }
}
