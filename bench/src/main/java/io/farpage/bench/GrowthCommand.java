package io.farpage.bench;

import io.farpage.guest.QemuInstallation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench growth}: does a GiB cost more in a larger guest? */
@Command(
    name = "growth",
    description = "Time of post-copy per GiB of guests of several sizes, full of data, in rounds.",
    mixinStandardHelpOptions = true)
final class GrowthCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 3;
  private static final double MOST_GROWTH = 1.3;

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--sizes",
      split = ",",
      defaultValue = "256M,1G,4G,8G",
      converter = ByteSize.class,
      description = "RAM of the guests (default: ${DEFAULT-VALUE})")
  private List<Long> sizes;

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    final QemuInstallation installation = options.qemu();
    final Findings findings = options.begin(installation).note("guest", "all RAM is data, idle");
    final long largest = Collections.max(sizes);
    try (Testbed testbed = Testbed.open()) {
      RamFill.requireRoom(
          testbed.directory(),
          "the largest guest on both sides, and a reserve",
          2 * largest + (1L << 30));
    }
    for (int round = 1; round <= rounds; round++) {
      for (final long size : sizes) {
        move(installation, size, round, findings);
      }
    }
    final String perGib = " post-copy s/GiB";
    findings.add(
        Goal.atMost(
            "seconds of post-copy per GiB, largest guest to smallest",
            findings.rounds().median(name(largest) + perGib)
                / findings.rounds().median(name(Collections.min(sizes)) + perGib),
            MOST_GROWTH));
    final Table table =
        new Table("RAM", "post-copy, s", "s/GiB", "whole migration, s", "s/GiB", "downtime, ms");
    for (final long size : sizes) {
      final List<String> cells = new ArrayList<>();
      cells.add(findings.median(name(size) + " post-copy s", "%.2f"));
      cells.add(findings.median(name(size) + perGib, "%.3f"));
      cells.add(findings.median(name(size) + " total s", "%.2f"));
      cells.add(findings.median(name(size) + " total s/GiB", "%.3f"));
      cells.add(findings.median(name(size) + " downtime ms", "%.1f"));
      table.row(name(size), cells.toArray(String[]::new));
    }
    findings.print(List.of(table));
    return 0;
  }

  /** With a guest of its own each time: several would not find room beside each other. */
  private void move(
      final QemuInstallation installation,
      final long size,
      final int round,
      final Findings findings)
      throws IOException {
    final Move move;
    try (Testbed testbed = Testbed.open()) {
      final FullGuest guest =
          new FullGuest(testbed, installation, options.accelerator(), List.of(Host.HERE), size);
      move = guest.move();
      guest.verify();
    }
    final double gib = size / (double) (1 << 30);
    final double seconds = PostcopyRate.of(move).micros() / 1e6;
    final double total = move.figure("total-time") / 1e3;
    final Rounds figures = findings.rounds();
    figures.add(name(size) + " post-copy s", seconds);
    figures.add(name(size) + " post-copy s/GiB", seconds / gib);
    figures.add(name(size) + " total s", total);
    figures.add(name(size) + " total s/GiB", total / gib);
    figures.add(name(size) + " downtime ms", move.downtimeMs());
    findings.say(
        "round %d: %s: post-copy %.2f s, %.3f s/GiB; whole migration %.2f s",
        round, name(size), seconds, seconds / gib, total);
  }

  private static String name(final long size) {
    return String.format(Locale.ROOT, "%d MiB", size >> 20);
  }
}
