package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import io.farpage.transport.rdma.RdmaDevices;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench bandwidth}: do the limits on bandwidth hold? */
@Command(
    name = "bandwidth",
    description = "Moves an idle guest under several limits on the bandwidth, and measures it.",
    mixinStandardHelpOptions = true)
final class BandwidthCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 5;
  private static final double TOLERANCE_PERCENT = 5;
  private static final String WARMUP = "--max-bandwidth";
  private static final String POSTCOPY = "--max-postcopy-bandwidth";

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--memory",
      defaultValue = "256M",
      converter = ByteSize.class,
      description = "RAM of the guest; all of it is data (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--caps",
      split = ",",
      paramLabel = "B/s",
      defaultValue = "10M,50M,200M",
      converter = ByteSize.class,
      description = "the limits (default: ${DEFAULT-VALUE})")
  private List<Long> caps;

  @Option(
      names = "--transport",
      paramLabel = "T",
      defaultValue = "tcp",
      description = "tcp or rdma (default: ${DEFAULT-VALUE})")
  private String transport;

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    options.require(
        List.of("tcp", "rdma").contains(transport),
        "--transport must be tcp or rdma, not " + transport);
    caps.forEach(cap -> options.require(cap >= 1, "--caps must be at least 1"));
    final QemuInstallation installation = options.qemu();
    final Findings findings =
        options
            .begin(installation)
            .note("guest", (memory >> 20) + " MiB, idle")
            .note("transport", transport);
    try (Testbed testbed = Testbed.open()) {
      final List<Host> hosts = List.of(new Host(address(), List.of()));
      findings.say("booting a guest of %d MiB", memory >> 20);
      final MovingWriter guest =
          MovingWriter.boot(
              testbed, installation, options.accelerator(), hosts, memory, WritePattern.IDLE);
      guest.run();
      for (int round = 1; round <= rounds; round++) {
        for (final long cap : caps) {
          measure(guest, WARMUP, "hybrid", cap, round, findings);
          measure(guest, POSTCOPY, "postcopy", cap, round, findings);
        }
      }
      guest.verify();
    }
    final Table table =
        new Table(
            "limit", "MB/s", "measured, MB/s", "measured / limit", "until nothing was missing");
    for (final String option : List.of(WARMUP, POSTCOPY)) {
      for (final long cap : caps) {
        final String prefix = prefix(option, cap);
        final double ratio = findings.rounds().median(prefix + "ratio");
        table.row(
            option,
            String.format(Locale.ROOT, "%.1f", cap / 1e6),
            findings.median(prefix + "MB/s", "%.2f"),
            findings.median(prefix + "ratio", "%.3f"),
            findings.median(prefix + "fetch ratio", "%.3f"));
        findings.add(
            Goal.atMost(prefix + "difference, %", 100 * Math.abs(ratio - 1), TOLERANCE_PERCENT));
      }
    }
    findings.print(List.of(table));
    return 0;
  }

  /** RDMA needs an address of a device. */
  private String address() throws IOException {
    return transport.equals("tcp")
        ? Host.HERE.address()
        : RdmaDevices.addresses().stream()
            .findFirst()
            .map(InetAddress::getHostAddress)
            .orElseThrow(
                () ->
                    new IOException(
                        "no RDMA device with an IPv4 address here; `farpage lab -- ./farpage bench"
                            + " bandwidth --transport rdma` brings one in software"));
  }

  private void measure(
      final MovingWriter guest,
      final String option,
      final String mode,
      final long cap,
      final int round,
      final Findings findings)
      throws IOException {
    final Move move =
        guest
            .vm()
            .move(
                DaemonOptions.destination("--mode=" + mode, option + "=" + cap)
                    .both("--transport=" + transport));
    final String prefix = prefix(option, cap);
    final double rate;
    if (option.equals(WARMUP)) {
      rate = warmupRate(move.report());
    } else {
      final PostcopyRate postcopy = PostcopyRate.of(move);
      rate = postcopy.bytesPerSecond();
      findings.rounds().add(prefix + "fetch ratio", postcopy.fetchBytesPerSecond() / cap);
    }
    findings.rounds().add(prefix + "MB/s", rate / 1e6);
    findings.rounds().add(prefix + "ratio", rate / cap);
    findings.say(
        "round %d: %s %.1f MB/s: measured %.2f MB/s", round, option, cap / 1e6, rate / 1e6);
  }

  /** Returns bytes a second over the rounds that read anything. */
  static double warmupRate(final JsonNode report) {
    double bytes = 0;
    double ms = 0;
    for (final JsonNode round : report.path("farpage").path("warmup").path("rounds")) {
      if (round.path("read-bytes").asLong() > 0) {
        bytes += round.path("read-bytes").asDouble();
        ms += round.path("duration-ms").asDouble();
      }
    }
    return bytes * 1000 / ms;
  }

  private static String prefix(final String option, final long cap) {
    return String.format(Locale.ROOT, "%s %.1f MB/s ", option, cap / 1e6);
  }
}
