package io.farpage.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.transport.rdma.CompletionMode;
import io.farpage.transport.rdma.RdmaDevice;
import io.farpage.transport.rdma.RdmaDevices;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code farpage bench rdma}: what Farpage adds to the verbs. */
@Command(
    name = "rdma",
    description =
        "Latency of faults and rate of bulk reads over RDMA, beside what perftest measures on the"
            + " same device, in rounds.",
    mixinStandardHelpOptions = true)
final class RdmaCommand implements Callable<Integer> {
  private static final double MOST_LATENCY = 1.5;
  private static final double LEAST_RATE = 0.9;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--address",
      paramLabel = "A",
      description = "IPv4 address of the device (default: that of the first one)")
  private String address;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "medians are over so many (default: ${DEFAULT-VALUE})")
  private int rounds;

  @Option(
      names = "--completions",
      paramLabel = "MODE",
      defaultValue = "auto",
      description =
          "events, polling or auto: events on a device in software (default: ${DEFAULT-VALUE})")
  private String completions;

  @Option(names = "--json", description = "one JSON object, and nothing else")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds must be at least 1");
    }
    final CompletionMode mode = parseCompletions();
    final InetAddress local = address == null ? firstAddress() : parseAddress();
    final RdmaDevice device =
        RdmaDevices.serving(local)
            .orElseThrow(
                () -> new IOException("no RDMA device has the address " + local.getHostAddress()));
    Perftest.requireInstalled("ib_read_lat", "ib_read_bw");
    try (RdmaMeasurements measurements = new RdmaMeasurements(device, local, mode)) {
      measurements.warmUp();
      for (int round = 1; round <= rounds; round++) {
        measurements.round();
        if (!json) {
          System.out.printf(
              Locale.ROOT,
              "round %d: fault %.0f us, ratio %.2f%n",
              round,
              measurements.rounds().last("fault p50"),
              measurements.rounds().last("fault ratio p50"));
        }
      }
      if (json) {
        printJson(device, local, measurements);
      } else {
        printTable(device, local, measurements);
      }
    }
    return 0;
  }

  private CompletionMode parseCompletions() {
    try {
      return CompletionMode.valueOf(completions.toUpperCase(Locale.ROOT));
    } catch (final IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--completions must be auto, events or polling", e);
    }
  }

  private InetAddress parseAddress() {
    // only numbers: a name would be looked up
    if (address.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}")) {
      try {
        return Inet4Address.getByName(address);
      } catch (final IOException e) {
        throw new ParameterException(spec.commandLine(), badAddress(), e);
      }
    }
    throw new ParameterException(spec.commandLine(), badAddress());
  }

  private String badAddress() {
    return "--address must be an IPv4 address, not " + address;
  }

  private static InetAddress firstAddress() throws IOException {
    final List<InetAddress> addresses = RdmaDevices.addresses();
    if (addresses.isEmpty()) {
      throw new IOException(
          "no RDMA device with an IPv4 address here; `farpage lab -- ./farpage bench rdma` brings"
              + " one in software");
    }
    return addresses.get(0);
  }

  private static String kernel() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
  }

  private void printTable(
      final RdmaDevice device, final InetAddress local, final RdmaMeasurements measurements)
      throws IOException {
    final Rounds figures = measurements.rounds();
    System.out.printf(
        "%n%s (%s), %s, %s, Linux %s, %d CPUs, completions by %s, medians of %d rounds%n%n",
        device.name(),
        device.isSoftware() ? "in software" : "adapter",
        device.ports().isEmpty() ? "" : device.ports().get(0).rate(),
        local.getHostAddress(),
        kernel(),
        Runtime.getRuntime().availableProcessors(),
        measurements.completions(),
        rounds);
    System.out.printf("%-38s %9s %9s%n", "4 KiB, microseconds", "p50", "p99");
    printLatency(figures, "demand fault, as the guest sees it", "fault");
    printLatency(figures, "demand fault, as the agent counts it", "fault agent");
    printLatency(figures, "userfaultfd alone, as the guest sees it", "floor");
    printLatency(figures, "userfaultfd alone, by the agent", "floor agent");
    printLatency(figures, "ib_read_lat -e (events)", "ib_read_lat -e");
    printLatency(figures, "ib_read_lat (polling)", "ib_read_lat");
    System.out.printf(
        Locale.ROOT,
        "%-38s %9.2f %9.2f   (goal: at most %.1f)%n%n",
        "(fault - userfaultfd) / " + measurements.latencyReference(),
        figures.median("fault ratio p50"),
        figures.median("fault ratio p99"),
        MOST_LATENCY);
    System.out.printf("%-38s", "bulk reads, MB/s");
    for (final int size : RdmaMeasurements.SIZES) {
      System.out.printf(" %9s", RdmaMeasurements.name(size) + " x " + RdmaMeasurements.depth(size));
    }
    System.out.println();
    printRates(figures, "prefetcher: READs and CONTINUE", "prefetch", "%9.1f");
    printRates(figures, "lane alone", "lane", "%9.1f");
    printRates(figures, "ib_read_bw -e (events)", "ib_read_bw -e", "%9.1f");
    printRates(figures, "ib_read_bw (polling)", "ib_read_bw", "%9.1f");
    printRates(figures, "lane alone / the better ib_read_bw", "lane ratio", "%9.2f");
    printRates(figures, "prefetcher / the better ib_read_bw", "prefetch ratio", "%9.2f");
    System.out.printf(Locale.ROOT, "(goal: at least %.1f)%n", LEAST_RATE);
    System.out.println("Ratios are taken within a round, then their median.");
  }

  private static void printLatency(final Rounds figures, final String label, final String name) {
    System.out.printf(
        Locale.ROOT,
        "%-38s %9.1f %9.1f%n",
        label,
        figures.median(name + " p50"),
        figures.median(name + " p99"));
  }

  private static void printRates(
      final Rounds figures, final String label, final String name, final String format) {
    System.out.printf("%-38s", label);
    for (final int size : RdmaMeasurements.SIZES) {
      System.out.printf(
          Locale.ROOT, " " + format, figures.median(name + " " + RdmaMeasurements.name(size)));
    }
    System.out.println();
  }

  private void printJson(
      final RdmaDevice device, final InetAddress local, final RdmaMeasurements measurements)
      throws IOException {
    final ObjectMapper mapper = new ObjectMapper();
    final ObjectNode root = mapper.createObjectNode();
    root.put("device", device.name());
    root.put("software-device", device.isSoftware());
    root.put("address", local.getHostAddress());
    root.put("kernel", kernel());
    root.put("cpus", Runtime.getRuntime().availableProcessors());
    root.put("completions", measurements.completions());
    root.put("latency-reference", measurements.latencyReference());
    final Rounds figures = measurements.rounds();
    final ObjectNode medians = root.putObject("medians");
    figures.all().keySet().forEach(name -> medians.put(name, figures.median(name)));
    root.set("rounds", mapper.valueToTree(figures.all()));
    System.out.println(mapper.writeValueAsString(root));
  }
}
