package io.farpage.bench;

import io.farpage.guest.QemuInstallation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code farpage bench downtime}: does the downtime grow with the guest's RAM, or with what it
 * writes?
 */
@Command(
    name = "downtime",
    description = "Downtime of guests of different sizes, which write all the time, or not.",
    mixinStandardHelpOptions = true)
final class DowntimeCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 7;
  private static final double MOST_APART = 2;

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--sizes",
      split = ",",
      defaultValue = "256M,6G",
      converter = ByteSize.class,
      description = "RAM of the guests (default: ${DEFAULT-VALUE})")
  private List<Long> sizes;

  @Option(
      names = "--pattern",
      split = ",",
      paramLabel = "P",
      defaultValue = "sequential",
      description =
          "how guests write: idle, sequential, random, stride, hot, zipf (default:"
              + " ${DEFAULT-VALUE})")
  private List<String> patterns;

  @Option(
      names = "--mode",
      split = ",",
      paramLabel = "MODE",
      defaultValue = "postcopy",
      description = "of `farpage dest`: postcopy, hybrid (default: ${DEFAULT-VALUE})")
  private List<String> modes;

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    for (final String mode : modes) {
      options.require(
          List.of("postcopy", "hybrid").contains(mode),
          "--mode must be postcopy or hybrid, not " + mode);
    }
    patterns.forEach(options::pattern);
    final QemuInstallation installation = options.qemu();
    final Findings findings = options.begin(installation);
    try (Testbed testbed = Testbed.open()) {
      final List<String> names = new ArrayList<>();
      final List<MovingWriter> guests = new ArrayList<>();
      for (final long size : sizes) {
        for (final String pattern : patterns) {
          findings.say("booting a guest of %d MiB (%s)", size >> 20, pattern);
          names.add(name(size, pattern));
          guests.add(
              MovingWriter.boot(
                  testbed,
                  installation,
                  options.accelerator(),
                  List.of(Host.HERE),
                  size,
                  options.pattern(pattern)));
        }
      }
      for (int round = 1; round <= rounds; round++) {
        for (final String mode : modes) {
          for (int i = 0; i < guests.size(); i++) {
            // only one guest runs at a time: the others would take its processors
            guests.get(i).run();
            move(guests.get(i), names.get(i), mode, round, findings);
            guests.get(i).pause();
          }
        }
      }
    }
    final List<Table> tables = new ArrayList<>();
    for (final String mode : modes) {
      tables.add(table(mode, findings));
    }
    findings.print(tables);
    return 0;
  }

  private static void move(
      final MovingWriter guest,
      final String name,
      final String mode,
      final int round,
      final Findings findings)
      throws IOException {
    final Move move = guest.vm().move(DaemonOptions.destination("--mode=" + mode));
    final Rounds rounds = findings.rounds();
    final String prefix = mode + " " + name + " ";
    rounds.add(prefix + "downtime ms", move.downtimeMs());
    rounds.add(prefix + "total ms", move.figure("total-time"));
    rounds.add(prefix + "demand-faults", move.figure("farpage", "demand-faults"));
    if (mode.equals("hybrid")) {
      rounds.add(prefix + "last scan ms", move.figure("farpage", "warmup", "last-scan-ns") / 1e6);
      rounds.add(prefix + "unclean pages", move.figure("farpage", "warmup", "unclean-pages"));
    }
    findings.say(
        "round %d: %s, %s: downtime %6.1f ms, total %6.0f ms, %.0f demand faults%s",
        round,
        mode,
        name,
        move.downtimeMs(),
        rounds.last(prefix + "total ms"),
        rounds.last(prefix + "demand-faults"),
        mode.equals("hybrid")
            ? String.format(
                Locale.ROOT, ", last scan %.1f ms", rounds.last(prefix + "last scan ms"))
            : "");
  }

  private Table table(final String mode, final Findings findings) {
    final Table table =
        new Table(
            mode,
            "median downtime, ms",
            "x the first",
            "least",
            "most",
            "last scan, ms",
            "pages it names",
            "total, ms");
    double shortest = Double.POSITIVE_INFINITY;
    double longest = 0;
    final String first = mode + " " + name(sizes.get(0), patterns.get(0)) + " downtime ms";
    for (final long size : sizes) {
      for (final String pattern : patterns) {
        final String prefix = mode + " " + name(size, pattern) + " ";
        final double median = findings.rounds().median(prefix + "downtime ms");
        final List<Double> all = findings.rounds().all().get(prefix + "downtime ms");
        shortest = Math.min(shortest, median);
        longest = Math.max(longest, median);
        table.row(
            name(size, pattern),
            String.format(Locale.ROOT, "%.1f", median),
            String.format(Locale.ROOT, "%.2f", median / findings.rounds().median(first)),
            String.format(Locale.ROOT, "%.1f", all.stream().min(Double::compare).orElseThrow()),
            String.format(Locale.ROOT, "%.1f", all.stream().max(Double::compare).orElseThrow()),
            findings.median(prefix + "last scan ms", "%.2f"),
            findings.median(prefix + "unclean pages", "%.0f"),
            findings.median(prefix + "total ms", "%.0f"));
      }
    }
    findings.add(Goal.atMost(mode + ": longest / shortest median", longest / shortest, MOST_APART));
    return table;
  }

  private static String name(final long size, final String pattern) {
    return String.format(Locale.ROOT, "%d MiB %s", size >> 20, pattern);
  }
}
