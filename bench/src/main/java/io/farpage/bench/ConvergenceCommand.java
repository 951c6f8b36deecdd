package io.farpage.bench;

import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench convergence}: a warm-up beside QEMU's pre-copy, on a link of one rate. */
@Command(
    name = "convergence",
    description =
        "Moves guests over a link of limited rate by QEMU's pre-copy and by Farpage in turn: one"
            + " that pre-copy can move, and one that writes too fast for it.",
    mixinStandardHelpOptions = true)
final class ConvergenceCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 5;
  private static final double MOST_SENT_RATIO = 1.2;
  private static final double MOST_DOWNTIME_RATIO = 2;
  private static final double PAGE_BYTES = 4096;
  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final Duration UNDISTURBED = Duration.ofSeconds(1);
  private static final String QEMU = " qemu ";
  private static final String FARPAGE = " farpage ";
  private static final String IDLE = "idle";
  private static final String SLOWER = "slower";
  private static final String FASTER = "faster";

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--memory",
      defaultValue = "512M",
      converter = ByteSize.class,
      description = "RAM of the guests; all of it is data (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--rate",
      defaultValue = "1Gbit",
      converter = LinkRate.class,
      description = "of the link (default: ${DEFAULT-VALUE})")
  private long bytesPerSecond;

  @Option(
      names = "--slower",
      paramLabel = "X",
      defaultValue = "0.8",
      description =
          "the slower guest writes so many times as many pages as the link carries; to few of them"
              + " most of the time (default: ${DEFAULT-VALUE})")
  private double slower;

  @Option(
      names = "--faster",
      paramLabel = "X",
      defaultValue = "4",
      description = "the same of the faster guest (default: ${DEFAULT-VALUE})")
  private double faster;

  @Option(
      names = "--patience",
      paramLabel = "S",
      defaultValue = "30",
      description =
          "after so many seconds pre-copy of the faster guest is cancelled (default:"
              + " ${DEFAULT-VALUE})")
  private int patienceSeconds;

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    options.require(slower > 0 && faster > slower, "--slower and --faster must be in that order");
    options.require(patienceSeconds >= 1, "--patience must be at least 1");
    final QemuInstallation installation = options.qemuWithGoodPrecopy();
    final Findings findings =
        options
            .begin(installation)
            .note("guest", (memory >> 20) + " MiB, Zipf's law")
            .note("link", String.format(Locale.ROOT, "link of %.0f MB/s", bytesPerSecond / 1e6));
    try (Testbed testbed = Testbed.open()) {
      final LimitedLink link = testbed.add(LimitedLink.open(bytesPerSecond));
      final List<Host> hosts = List.of(Host.at(link.source()), Host.at(link.destination()));
      findings.say("booting two guests of %d MiB", memory >> 20);
      final MovingWriter idle = boot(testbed, installation, hosts, WritePattern.IDLE);
      final MovingWriter writer = boot(testbed, installation, hosts, WritePattern.ZIPF);
      for (int round = 1; round <= rounds; round++) {
        // only one guest runs at a time: the other would take its processor
        idle.run();
        byFarpage(idle, IDLE, round, findings);
        idle.pause();
        writer.run();
        writer.pace(slower * bytesPerSecond / PAGE_BYTES);
        noteSpeed(writer, SLOWER, findings);
        byQemu(writer, SLOWER, LONGEST, round, findings);
        byFarpage(writer, SLOWER, round, findings);
        writer.pace(faster * bytesPerSecond / PAGE_BYTES);
        noteSpeed(writer, FASTER, findings);
        byQemu(writer, FASTER, Duration.ofSeconds(patienceSeconds), round, findings);
        byFarpage(writer, FASTER, round, findings);
        writer.pause();
        compare(findings.rounds());
      }
    }
    addGoals(findings);
    findings.print(List.of(table(findings)));
    return 0;
  }

  private MovingWriter boot(
      final Testbed testbed,
      final QemuInstallation installation,
      final List<Host> hosts,
      final WritePattern pattern)
      throws IOException {
    return MovingWriter.boot(testbed, installation, options.accelerator(), hosts, memory, pattern);
  }

  private static void noteSpeed(
      final MovingWriter writer, final String guest, final Findings findings) throws IOException {
    findings.rounds().add(guest + " writes a second", writer.writesPerSecond(UNDISTURBED));
  }

  private void byQemu(
      final MovingWriter writer,
      final String guest,
      final Duration patience,
      final int round,
      final Findings findings)
      throws IOException {
    final QemuMove move = writer.vm().moveByQemu(patience);
    final Rounds rounds = findings.rounds();
    final String prefix = guest + QEMU;
    rounds.add(prefix + "complete", move.complete() ? 1 : 0);
    rounds.add(prefix + "MB before", move.bytesBeforeStop() / 1e6);
    rounds.add(prefix + "MB", move.ram("transferred") / 1e6);
    rounds.add(prefix + "syncs", move.ram("dirty-sync-count"));
    rounds.add(prefix + "total ms", move.info().path("total-time").asDouble());
    if (move.complete()) {
      rounds.add(prefix + "downtime ms", move.downtimeMs());
    }
    findings.say(
        "round %d: %s guest, QEMU: %s after %.1f s, %.0f MB sent, %.0f passes, downtime %.1f ms",
        round,
        guest,
        move.info().path("status").asText(),
        rounds.last(prefix + "total ms") / 1e3,
        rounds.last(prefix + "MB"),
        rounds.last(prefix + "syncs"),
        move.downtimeMs());
    requireGood(writer, "QEMU's pre-copy");
  }

  private static void requireGood(final MovingWriter writer, final String mover)
      throws IOException {
    try {
      writer.verify();
    } catch (final AssertionError e) {
      throw new IOException(mover + " has lost what the guest wrote: " + e.getMessage(), e);
    }
    writer.run();
  }

  private static void byFarpage(
      final MovingWriter writer, final String guest, final int round, final Findings findings)
      throws IOException {
    final Move move = writer.vm().move(DaemonOptions.destination("--mode=hybrid"));
    final Rounds rounds = findings.rounds();
    final String prefix = guest + FARPAGE;
    rounds.add(guest + " data MB", move.figure("farpage", "data-bytes") / 1e6);
    rounds.add(prefix + "complete", 1);
    rounds.add(prefix + "MB before", move.figure("ram", "precopy-bytes") / 1e6);
    rounds.add(prefix + "MB", move.figure("ram", "transferred") / 1e6);
    rounds.add(prefix + "syncs", move.figure("ram", "dirty-sync-count"));
    rounds.add(prefix + "total ms", move.figure("total-time"));
    rounds.add(prefix + "downtime ms", move.downtimeMs());
    findings.say(
        "round %d: %s guest, Farpage: %.1f s, %.0f MB before the stop, %.0f MB in all, downtime"
            + " %.1f ms; %s",
        round,
        guest,
        rounds.last(prefix + "total ms") / 1e3,
        rounds.last(prefix + "MB before"),
        rounds.last(prefix + "MB"),
        move.downtimeMs(),
        move.report().path("farpage").path("warmup").path("reason").asText());
    requireGood(writer, "Farpage");
  }

  private static void compare(final Rounds rounds) {
    for (final String guest : List.of(SLOWER, FASTER)) {
      for (final String mover : List.of(QEMU, FARPAGE)) {
        rounds.add(
            guest + mover + "sent ratio",
            rounds.last(guest + mover + "MB before") / rounds.last(guest + " data MB"));
      }
      rounds.add(
          guest + FARPAGE + "downtime ratio",
          rounds.last(guest + FARPAGE + "downtime ms")
              / rounds.last(IDLE + FARPAGE + "downtime ms"));
    }
  }

  private static void addGoals(final Findings findings) {
    final Rounds rounds = findings.rounds();
    for (final String guest : List.of(SLOWER, FASTER)) {
      findings.add(
          Goal.atMost(
              guest + " guest: sent while it ran / used RAM",
              rounds.median(guest + FARPAGE + "sent ratio"),
              MOST_SENT_RATIO));
      findings.add(
          Goal.atMost(
              guest + " guest: downtime / that of the idle guest",
              rounds.median(guest + FARPAGE + "downtime ratio"),
              MOST_DOWNTIME_RATIO));
    }
    findings.add(
        Goal.atMost(
            "faster guest: share of rounds that QEMU's pre-copy ended",
            rounds.all().get(FASTER + QEMU + "complete").stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(0),
            0));
  }

  private Table table(final Findings findings) {
    final Map<String, String> columns = new LinkedHashMap<>();
    columns.put(IDLE + FARPAGE, "idle: Farpage");
    columns.put(SLOWER + QEMU, "slower: QEMU");
    columns.put(SLOWER + FARPAGE, "slower: Farpage");
    columns.put(FASTER + QEMU, "faster: QEMU");
    columns.put(FASTER + FARPAGE, "faster: Farpage");
    final Table table = new Table("", columns.values().toArray(String[]::new));
    final String slow = findings.median(SLOWER + " writes a second", "%.0f");
    final String fast = findings.median(FASTER + " writes a second", "%.0f");
    table.row("page writes a second", "0", slow, slow, fast, fast);
    row(table, columns, findings, "MB sent while the guest ran", "MB before", "%.0f");
    row(table, columns, findings, "the same / used RAM", "sent ratio", "%.2f");
    row(table, columns, findings, "MB sent in all", "MB", "%.0f");
    row(table, columns, findings, "passes (dirty-sync-count)", "syncs", "%.0f");
    row(table, columns, findings, "downtime, ms", "downtime ms", "%.1f");
    row(table, columns, findings, "downtime / that of the idle guest", "downtime ratio", "%.2f");
    row(table, columns, findings, "total, ms (or until cancelled)", "total ms", "%.0f");
    row(table, columns, findings, "complete (1), or still active (0)", "complete", "%.0f");
    return table;
  }

  private static void row(
      final Table table,
      final Map<String, String> columns,
      final Findings findings,
      final String label,
      final String figure,
      final String format) {
    table.row(
        label,
        columns.keySet().stream()
            .map(prefix -> findings.median(prefix + figure, format))
            .toArray(String[]::new));
  }
}
