package io.farpage.bench;

import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench hybrid}: what a warm-up spares a guest. */
@Command(
    name = "hybrid",
    description =
        "Moves a guest with and without a warm-up in turn; nine of ten of its writes go to the"
            + " first tenth of its memory.",
    mixinStandardHelpOptions = true)
final class HybridCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 5;
  private static final double FEWER_FAULTS_PERCENT = 95;
  private static final double LESS_TIME_PERCENT = 90;
  private static final Duration UNDISTURBED = Duration.ofSeconds(1);
  private static final List<String> MODES = List.of("postcopy", "hybrid");

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--memory",
      defaultValue = "512M",
      converter = ByteSize.class,
      description = "RAM of the guest; all of it is data (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--delay",
      split = ",",
      paramLabel = "N",
      defaultValue = "0,2000,20000",
      description =
          "iterations of an empty loop after each write; repeatable (default: ${DEFAULT-VALUE})")
  private List<Integer> delays;

  @Option(
      names = "--pattern",
      paramLabel = "P",
      defaultValue = "hot",
      description = "how the guest writes (default: ${DEFAULT-VALUE})")
  private String pattern;

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    delays.forEach(delay -> options.require(delay >= 0, "--delay must be at least 0"));
    final WritePattern writes = options.pattern(pattern);
    options.require(writes != WritePattern.IDLE, "--pattern: an idle guest does not write");
    final QemuInstallation installation = options.qemu();
    final Findings findings =
        options
            .begin(installation)
            .note("guest", (memory >> 20) + " MiB, writes " + pattern)
            .note("transport", "TCP on loopback");
    try (Testbed testbed = Testbed.open()) {
      findings.say("booting a guest of %d MiB", memory >> 20);
      final MovingWriter writer =
          MovingWriter.boot(
              testbed, installation, options.accelerator(), List.of(Host.HERE), memory, writes);
      writer.run();
      for (int round = 1; round <= rounds; round++) {
        for (final int delay : delays) {
          writer.delay(delay);
          for (final String mode : MODES) {
            move(writer, delay, mode, findings);
            tell(round, delay, mode, findings);
          }
          compare(delay, findings.rounds());
        }
      }
      findings.say("%s", writer.verify());
    }
    delays.forEach(delay -> addGoals(delay, findings));
    findings.print(tables(findings));
    return 0;
  }

  private static void move(
      final MovingWriter writer, final int delay, final String mode, final Findings findings)
      throws IOException {
    final double undisturbed = writer.writesPerSecond(UNDISTURBED);
    final ResumeProgress progress = new ResumeProgress(writer.guest());
    final Move move = writer.vm().move(DaemonOptions.destination("--mode=" + mode), progress);
    final Rounds rounds = findings.rounds();
    final String prefix = prefix(delay, mode);
    rounds.add(prefix + "writes a second", undisturbed);
    for (final String counter :
        List.of("demand-faults", "clustered-pages", "faults-in-flight", "faults-late")) {
      rounds.add(prefix + counter, move.figure("farpage", counter));
    }
    rounds.add(
        prefix + "fault ms",
        move.figure("postcopy-latency") * move.figure("ram", "postcopy-requests") / 1e6);
    rounds.add(prefix + "fault p99 us", move.figure("farpage", "fault-latency-ns", "p99") / 1e3);
    rounds.add(prefix + "downtime ms", move.downtimeMs());
    rounds.add(prefix + "total ms", move.figure("total-time"));
    rounds.add(prefix + "MiB before", move.figure("ram", "precopy-bytes") / (1 << 20));
    rounds.add(prefix + "MiB", move.figure("ram", "transferred") / (1 << 20));
    rounds.add(prefix + "first second %", 100 * progress.writes() / undisturbed);
  }

  private static void compare(final int delay, final Rounds rounds) {
    for (final String figure : List.of("demand-faults", "fault ms", "first second %")) {
      rounds.add(
          prefix(delay, "ratio") + figure,
          rounds.last(prefix(delay, "hybrid") + figure)
              / rounds.last(prefix(delay, "postcopy") + figure));
    }
  }

  private static void tell(
      final int round, final int delay, final String mode, final Findings findings) {
    final String prefix = prefix(delay, mode);
    final Rounds rounds = findings.rounds();
    findings.say(
        "round %d: delay %d, %s: %.0f demand faults, %.1f ms lost, downtime %.1f ms, total %.0f ms,"
            + " first second %.0f %%",
        round,
        delay,
        mode,
        rounds.last(prefix + "demand-faults"),
        rounds.last(prefix + "fault ms"),
        rounds.last(prefix + "downtime ms"),
        rounds.last(prefix + "total ms"),
        rounds.last(prefix + "first second %"));
  }

  private static void addGoals(final int delay, final Findings findings) {
    final Rounds rounds = findings.rounds();
    final String speed = "delay " + delay + ": ";
    findings.add(
        Goal.atLeast(
            speed + "fewer demand faults, %",
            fewer(rounds.median(prefix(delay, "ratio") + "demand-faults")),
            FEWER_FAULTS_PERCENT));
    findings.add(
        Goal.atLeast(
            speed + "less time lost in them, %",
            fewer(rounds.median(prefix(delay, "ratio") + "fault ms")),
            LESS_TIME_PERCENT));
  }

  /** Returns by how many percent something is less, from its ratio. */
  static double fewer(final double ratio) {
    return 100 * (1 - ratio);
  }

  private List<Table> tables(final Findings findings) {
    final List<Table> tables = new ArrayList<>();
    for (final int delay : delays) {
      final double speed =
          (findings.rounds().median(prefix(delay, "postcopy") + "writes a second")
                  + findings.rounds().median(prefix(delay, "hybrid") + "writes a second"))
              / 2;
      final Table table =
          new Table(
              String.format(Locale.ROOT, "delay %d: %.0f page writes a second", delay, speed),
              "postcopy",
              "hybrid",
              "ratio");
      row(table, findings, delay, "demand faults", "demand-faults", "%.0f");
      row(table, findings, delay, "pages that came along", "clustered-pages", "%.0f");
      row(table, findings, delay, "faults on pages in flight", "faults-in-flight", "%.0f");
      row(table, findings, delay, "faults late", "faults-late", "%.0f");
      row(table, findings, delay, "time lost in demand faults, ms", "fault ms", "%.1f");
      row(table, findings, delay, "demand fault p99, us", "fault p99 us", "%.0f");
      row(table, findings, delay, "downtime, ms", "downtime ms", "%.1f");
      row(table, findings, delay, "total, ms", "total ms", "%.0f");
      row(table, findings, delay, "MiB moved", "MiB", "%.0f");
      row(table, findings, delay, "MiB moved before the guest", "MiB before", "%.0f");
      row(
          table,
          findings,
          delay,
          "writes in the first second, % of undisturbed",
          "first second %",
          "%.0f");
      tables.add(table);
    }
    return tables;
  }

  private static void row(
      final Table table,
      final Findings findings,
      final int delay,
      final String label,
      final String figure,
      final String format) {
    table.row(
        label,
        findings.median(prefix(delay, "postcopy") + figure, format),
        findings.median(prefix(delay, "hybrid") + figure, format),
        findings.median(prefix(delay, "ratio") + figure, "%.4f"));
  }

  private static String prefix(final int delay, final String mode) {
    return "delay " + delay + " " + mode + " ";
  }
}
