package io.farpage.bench;

import io.farpage.guest.MachineType;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.RedisGuest;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.transport.rdma.RdmaDevices;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench compare}: Farpage beside QEMU's own migration. */
@Command(
    name = "compare",
    description =
        "Moves one guest by QEMU itself and by Farpage in turn, and says what the guest sees of"
            + " it; after each move every byte of its memory is verified.",
    mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 7;

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--modes",
      split = ",",
      paramLabel = "MODE",
      description =
          "qemu-precopy, qemu-postcopy, qemu-preempt (post-copy with a channel for the pages that"
              + " the guest waits for), qemu-rdma (pre-copy), farpage-postcopy, farpage-hybrid,"
              + " farpage-rdma-postcopy, farpage-rdma-hybrid (default: all; those with rdma where"
              + " there is a device)")
  private List<String> modeNames;

  @Option(
      names = "--memory",
      defaultValue = "600M",
      converter = ByteSize.class,
      description = "RAM of the guest; all of it is data (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--guest",
      paramLabel = "G",
      defaultValue = "random",
      description =
          "random, sequential, stride, zipf, hot, idle: a guest that writes so; linux: one with a"
              + " Redis server under load (default: ${DEFAULT-VALUE})")
  private String guestName;

  @Option(
      names = "--rate",
      converter = LinkRate.class,
      description = "of the link, as in 1Gbit (default: the loopback interface, without a limit)")
  private Long bytesPerSecond;

  @Option(
      names = "--precopy-time",
      paramLabel = "S",
      defaultValue = "0",
      description =
          "QEMU's post-copy begins so many seconds after the migration (default:"
              + " ${DEFAULT-VALUE}, at once)")
  private double precopySeconds;

  @Option(
      names = "--patience",
      paramLabel = "S",
      defaultValue = "60",
      description =
          "after so many seconds QEMU's pre-copy is cancelled, and has no figures (default:"
              + " ${DEFAULT-VALUE})")
  private int patienceSeconds;

  @Option(
      names = "--fault-threshold",
      paramLabel = "US",
      description =
          "a touch of a page that took more microseconds has waited for the page (default: 5, and"
              + " more for a guest that needs more anyhow)")
  private Double thresholdMicros;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "writes a page with plots, which needs nothing else")
  private Path html;

  private final Comparison comparison = new Comparison();

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    options.require(precopySeconds >= 0, "--precopy-time must be at least 0");
    options.require(patienceSeconds >= 1, "--patience must be at least 1");
    options.require(
        thresholdMicros == null || thresholdMicros > 0, "--fault-threshold must be more than 0");
    final FaultThreshold threshold =
        thresholdMicros == null ? FaultThreshold.automatic() : FaultThreshold.of(thresholdMicros);
    final GuestFactory guests = guests(threshold);
    final List<CompareMode> modes = modes();
    final QemuInstallation installation = options.newestQemu();
    final Findings findings =
        options
            .begin(installation)
            .note("guest", (memory >> 20) + " MiB, " + guestName)
            .note("link", linkName());
    try (Testbed testbed = Testbed.open()) {
      final LimitedLink link =
          bytesPerSecond == null ? null : testbed.add(LimitedLink.open(bytesPerSecond));
      final List<Host> hosts = hosts(link);
      try (ComparedMoves moves =
          new ComparedMoves(
              () -> guests.boot(testbed, installation, hosts, link),
              link,
              settings(testbed),
              findings)) {
        for (int round = 1; round <= rounds; round++) {
          for (final CompareMode mode : modes) {
            moves.move(mode, round, comparison);
          }
        }
      }
    }
    comparison.goals().forEach(findings::add);
    findings.print(
        List.of(comparison.table()),
        new ComparisonJson(comparison, threshold.micros()).toJson(findings));
    if (html != null) {
      new ComparisonPage(comparison, threshold.micros())
          .write(html, findings.circumstances(), work(), findings.goals());
    }
    comparison.notes().forEach(note -> findings.say("%s", note));
    return 0;
  }

  /** Boots the guest that was asked for. */
  @FunctionalInterface
  private interface GuestFactory {
    ComparedGuest boot(
        Testbed testbed, QemuInstallation installation, List<Host> hosts, LimitedLink link)
        throws IOException;
  }

  private GuestFactory guests(final FaultThreshold threshold) {
    if (guestName.equals("linux")) {
      return redis();
    }
    final WritePattern pattern = options.pattern("--guest", guestName);
    return (testbed, installation, hosts, link) ->
        new ComparedWriter(
            MovingWriter.boot(
                testbed,
                installation,
                hosts,
                WriterGuest.builder(MachineType.PC, memory).pattern(pattern).timeTouches().build(),
                memory,
                options.accelerator()),
            threshold);
  }

  private GuestFactory redis() {
    options.require(
        memory >= ComparedRedis.LEAST_MEMORY, "--memory: the Linux guest needs at least 256M");
    final RedisGuest guest = RedisGuest.find().orElse(null);
    options.require(
        guest != null,
        "--guest=linux: run pager-daemon/src/main/guest/build-redis-guest once, which makes it");
    return (testbed, installation, hosts, link) ->
        new ComparedRedis(
            testbed,
            installation,
            hosts,
            testbed.add(TapNetwork.open(link)),
            guest,
            memory,
            options.accelerator());
  }

  /** What the guest does, for people. */
  private String work() {
    return guestName.equals("linux") ? "requests answered" : "page writes";
  }

  private ComparedMoves.Settings settings(final Testbed testbed) throws IOException {
    return new ComparedMoves.Settings(
        testbed.newDirectory("reserve"),
        memory,
        Duration.ofMillis(Math.round(precopySeconds * 1e3)),
        Duration.ofSeconds(patienceSeconds));
  }

  private List<CompareMode> modes() {
    final boolean rdma = bytesPerSecond == null && !RdmaDevices.addresses().isEmpty();
    if (modeNames == null) {
      return Arrays.stream(CompareMode.values()).filter(mode -> rdma || !mode.needsRdma()).toList();
    }
    final List<CompareMode> modes = new ArrayList<>();
    for (final String name : modeNames) {
      final CompareMode mode =
          Arrays.stream(CompareMode.values())
              .filter(each -> each.label().equals(name))
              .findFirst()
              .orElse(null);
      options.require(mode != null, "--modes: there is no " + name);
      options.require(
          !mode.needsRdma() || bytesPerSecond == null, "--rate: a limited link has no RDMA");
      options.require(
          !mode.needsRdma() || rdma,
          name
              + " needs an RDMA device with an IPv4 address; a small virtual machine with one:"
              + " ./farpage lab -- ./farpage bench compare");
      modes.add(mode);
    }
    return modes;
  }

  /** With RDMA everything goes through the address of the device, TCP too. */
  private List<Host> hosts(final LimitedLink link) {
    if (link != null) {
      return List.of(Host.at(link.source()), Host.at(link.destination()));
    }
    return List.of(
        RdmaDevices.addresses().stream()
            .findFirst()
            .map(address -> new Host(address.getHostAddress(), List.of()))
            .orElse(Host.HERE));
  }

  private String linkName() {
    return bytesPerSecond == null
        ? "this machine, without a limit"
        : String.format(Locale.ROOT, "link of %.0f MB/s", bytesPerSecond / 1e6);
  }
}
