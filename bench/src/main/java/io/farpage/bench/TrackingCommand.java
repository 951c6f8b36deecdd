package io.farpage.bench;

import io.farpage.dirty.DirtyTracking;
import io.farpage.dirty.TrackingUnavailableException;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench tracking}: what it costs a guest that its writes are tracked. */
@Command(
    name = "tracking",
    description =
        "How fast a guest writes while its writes are tracked, beside how fast it writes before"
            + " and after.",
    mixinStandardHelpOptions = true)
final class TrackingCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 5;
  @Mixin private MeasurementOptions options;

  @Option(
      names = "--memory",
      defaultValue = "256M",
      converter = ByteSize.class,
      description = "RAM of the guest; all of it is data (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--pattern",
      split = ",",
      paramLabel = "P",
      defaultValue = "random,hot,sequential,zipf",
      description = "how guests write (default: ${DEFAULT-VALUE})")
  private List<String> patterns;

  @Option(
      names = "--tracker",
      paramLabel = "T",
      defaultValue = "all",
      description = "wp-async, soft-dirty or all (default: ${DEFAULT-VALUE})")
  private String tracker;

  @Option(
      names = "--interval",
      paramLabel = "MS",
      defaultValue = "50",
      description = "from one scan to the next, in ms (default: ${DEFAULT-VALUE})")
  private int intervalMs;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "2",
      description = "each rate is measured for so long (default: ${DEFAULT-VALUE})")
  private int seconds;

  @Option(
      names = "--delay",
      paramLabel = "N",
      defaultValue = "0",
      description = "iterations of an empty loop after each write (default: ${DEFAULT-VALUE})")
  private int delay;

  private final Map<String, String> unavailable = new LinkedHashMap<>();

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    options.require(intervalMs >= 1, "--interval must be at least 1 ms");
    options.require(seconds >= 1, "--seconds must be at least 1");
    options.require(delay >= 0, "--delay must be at least 0");
    final Map<String, DirtyTracking> trackers = trackers();
    for (final String pattern : patterns) {
      options.require(
          options.pattern(pattern) != WritePattern.IDLE, "--pattern: idle guests do not write");
    }
    final QemuInstallation installation = options.qemu();
    final Findings findings =
        options
            .begin(installation)
            .note("guest", (memory >> 20) + " MiB, delay " + delay)
            .note("interval", "a scan every " + intervalMs + " ms");
    for (final String pattern : patterns) {
      try (Testbed testbed = Testbed.open()) {
        findings.say("booting a guest of %d MiB that writes %s", memory >> 20, pattern);
        final MovingWriter writer =
            MovingWriter.boot(
                testbed,
                installation,
                options.accelerator(),
                List.of(Host.HERE),
                memory,
                options.pattern(pattern));
        writer.run();
        writer.delay(delay);
        for (int round = 1; round <= rounds; round++) {
          for (final Map.Entry<String, DirtyTracking> each : trackers.entrySet()) {
            if (!unavailable.containsKey(each.getKey())) {
              measure(writer, pattern, each.getKey(), each.getValue(), round, findings);
            }
          }
        }
        writer.verify();
      }
    }
    unavailable.forEach((name, why) -> findings.note(name, "not available: " + why));
    findings.print(List.of(table(trackers, findings)));
    return 0;
  }

  private Map<String, DirtyTracking> trackers() {
    final Map<String, DirtyTracking> all = new LinkedHashMap<>();
    all.put("wp-async", DirtyTracking.WP_ASYNC);
    all.put("soft-dirty", DirtyTracking.SOFT_DIRTY);
    if (!tracker.equals("all")) {
      options.require(
          all.containsKey(tracker),
          "--tracker must be wp-async, soft-dirty or all, not " + tracker);
      all.keySet().retainAll(List.of(tracker));
    }
    return all;
  }

  private void measure(
      final MovingWriter writer,
      final String pattern,
      final String name,
      final DirtyTracking choice,
      final int round,
      final Findings findings)
      throws IOException {
    final Rounds rounds = findings.rounds();
    final String prefix = prefix(pattern, name);
    final Duration time = Duration.ofSeconds(seconds);
    final double before = writer.writesPerSecond(time);
    final TrackedRun run;
    try {
      run =
          TrackedRun.of(
              writer.vm().qemu().command(), choice, writer, Duration.ofMillis(intervalMs), time);
    } catch (final TrackingUnavailableException e) {
      unavailable.put(name, e.getMessage());
      findings.say("%s", e.getMessage());
      return;
    }
    final double after = writer.writesPerSecond(time);
    rounds.add(prefix + "untracked", (before + after) / 2);
    rounds.add(prefix + "after / before", after / before);
    rounds.add(prefix + "tracked", run.writesPerSecond());
    rounds.add(prefix + "ratio", run.writesPerSecond() * 2 / (before + after));
    rounds.add(prefix + "arm ms", run.armMs());
    rounds.add(prefix + "scan ms", Median.of(run.scanMs()));
    rounds.add(prefix + "pages a scan", Median.of(run.pages()));
    findings.say(
        "round %d: %s, %s: %.0f writes a second, tracked %.0f, after %.0f: ratio %.3f",
        round, pattern, name, before, run.writesPerSecond(), after, rounds.last(prefix + "ratio"));
  }

  private Table table(final Map<String, DirtyTracking> trackers, final Findings findings) {
    final List<String> columns = new ArrayList<>();
    final List<String> prefixes = new ArrayList<>();
    for (final String name : trackers.keySet()) {
      for (final String pattern : patterns) {
        if (findings.rounds().all().containsKey(prefix(pattern, name) + "ratio")) {
          columns.add(name + " " + pattern);
          prefixes.add(prefix(pattern, name));
        }
      }
    }
    final Table table = new Table("", columns.toArray(String[]::new));
    final Map<String, String> rows = new LinkedHashMap<>();
    rows.put("untracked", "page writes a second, untracked");
    rows.put("tracked", "page writes a second, tracked");
    rows.put("ratio", "tracked / untracked");
    rows.put("after / before", "untracked, after / before");
    rows.put("arm ms", "to arm, ms");
    rows.put("scan ms", "a scan, ms");
    rows.put("pages a scan", "pages written between scans");
    rows.forEach(
        (figure, label) ->
            table.row(
                label,
                prefixes.stream()
                    .map(prefix -> findings.median(prefix + figure, format(figure)))
                    .toArray(String[]::new)));
    return table;
  }

  private static String format(final String figure) {
    return switch (figure) {
      case "ratio", "after / before" -> "%.3f";
      case "arm ms", "scan ms" -> "%.2f";
      default -> "%.0f";
    };
  }

  private static String prefix(final String pattern, final String tracker) {
    return String.format(Locale.ROOT, "%s %s ", pattern, tracker);
  }
}
