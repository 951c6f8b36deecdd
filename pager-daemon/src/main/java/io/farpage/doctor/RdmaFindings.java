package io.farpage.doctor;

import io.farpage.linux.LinuxException;
import io.farpage.linux.ProcessStatus;
import io.farpage.transport.rdma.DisniLibrary;
import io.farpage.transport.rdma.RdmaDevice;
import io.farpage.transport.rdma.RdmaDevices;
import io.farpage.transport.rdma.RdmaGid;
import io.farpage.transport.rdma.RdmaPort;
import io.farpage.transport.rdma.RdmaUnavailableException;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What this host can do with RDMA. A migration works without it, over TCP. */
final class RdmaFindings {
  private static final Path CONNECTION_MANAGER = Path.of("/dev/infiniband/rdma_cm");
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String TCP = "; until then TCP is used";

  private final List<Finding> findings = new ArrayList<>();
  private boolean libraryLoaded;

  private RdmaFindings() {}

  static List<Finding> examine() {
    final RdmaFindings rdma = new RdmaFindings();
    rdma.library();
    final List<RdmaDevice> devices = RdmaDevices.list();
    if (devices.isEmpty()) {
      rdma.findings.add(
          Finding.less(
              "RDMA: no device",
              "TCP is used; an Ethernet interface can do RDMA in software: modprobe rdma_rxe; rdma"
                  + " link add rxe0 type rxe netdev INTERFACE"));
      return rdma.findings;
    }
    devices.forEach(rdma::device);
    rdma.connectionManager();
    rdma.lockedMemory();
    return rdma.findings;
  }

  private void library() {
    try {
      DisniLibrary.load();
      libraryLoaded = true;
      findings.add(Finding.good("RDMA library: " + DisniLibrary.describe()));
    } catch (final RdmaUnavailableException e) {
      findings.add(Finding.less(e.getMessage(), "install what is missing" + TCP));
    }
  }

  private void device(final RdmaDevice device) {
    final String name =
        "RDMA device " + device.name() + (device.isSoftware() ? " (in software)" : "");
    for (final RdmaPort port : device.ports()) {
      final String what =
          name
              + " port "
              + port.number()
              + ": "
              + String.join(
                  ", ",
                  Stream.of(
                          port.state(),
                          port.physicalState(),
                          port.linkLayer(),
                          port.rate(),
                          mtu(device, port),
                          addresses(port))
                      .filter(text -> !text.isEmpty())
                      .toList());
      if (!port.isActive()) {
        findings.add(
            Finding.less(
                what,
                "the link is not up: check the cable, `ip link set INTERFACE up`, and on InfiniBand"
                    + " the subnet manager"
                    + TCP));
      } else if (ipv4(port).isEmpty()) {
        findings.add(
            Finding.less(
                what,
                "it has no IPv4 address to connect to: ip address add ... dev INTERFACE" + TCP));
      } else {
        findings.add(Finding.good(what));
      }
    }
  }

  private String mtu(final RdmaDevice device, final RdmaPort port) {
    if (!libraryLoaded) {
      return "";
    }
    try {
      return "MTU " + device.mtu(port).activeBytes();
    } catch (final IOException | UnsupportedOperationException e) {
      return "MTU unknown (" + e.getMessage() + ")";
    }
  }

  private static List<String> ipv4(final RdmaPort port) {
    return port.gids().stream()
        .map(RdmaGid::address)
        .filter(Inet4Address.class::isInstance)
        .map(address -> address.getHostAddress())
        .distinct()
        .toList();
  }

  private static String addresses(final RdmaPort port) {
    return ipv4(port).stream().collect(Collectors.joining(" "));
  }

  private void connectionManager() {
    if (!Files.isWritable(CONNECTION_MANAGER)) {
      findings.add(
          Finding.less(
              CONNECTION_MANAGER + " cannot be opened",
              "modprobe rdma_ucm, and give this user access to /dev/infiniband" + TCP));
    }
  }

  private void lockedMemory() {
    try {
      final String limit = lockedMemoryLimit();
      if (ProcessStatus.self().hasCapability(ProcessStatus.CAP_IPC_LOCK)
          || limit.equals("unlimited")) {
        findings.add(Finding.good("locked memory: no limit"));
      } else {
        findings.add(
            Finding.less(
                "locked memory: at most " + limit + " bytes",
                "a guest's RAM must fit: run as root, or ulimit -l unlimited (LimitMEMLOCK= of a"
                    + " service)"));
      }
    } catch (final LinuxException e) {
      findings.add(Finding.less("locked memory: " + e.getMessage(), "mount /proc"));
    } catch (final IOException e) {
      findings.add(Finding.less("locked memory: " + e, "mount /proc"));
    }
  }

  private static String lockedMemoryLimit() throws IOException {
    return Files.readAllLines(LIMITS).stream()
        .filter(line -> line.startsWith("Max locked memory"))
        .map(line -> line.substring("Max locked memory".length()).strip().split("\\s+")[0])
        .findFirst()
        .orElse("unlimited");
  }
}
