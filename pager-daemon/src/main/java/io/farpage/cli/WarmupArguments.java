package io.farpage.cli;

import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import io.farpage.migration.WarmupOptions;
import io.farpage.warmup.WarmupLimits;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of {@code dest} that say what to do while the guest still runs on the source. */
final class WarmupArguments {
  private static final long DEFAULT_DOWNTIME_LIMIT_MS = 300; // as QEMU has it
  private static final double MAX_SECONDS = 1e9;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description =
          "hybrid: read the memory while the guest runs on the source, and what it keeps writing"
              + " after it has moved; postcopy: all of it after; precopy: all of it before")
  private String mode = "hybrid";

  @Option(
      names = "--warmup-time",
      paramLabel = "S",
      description = "read for at most so many seconds while the guest runs on the source")
  private Double time;

  @Option(
      names = "--warmup-rounds",
      paramLabel = "N",
      description = "read for at most so many rounds while the guest runs on the source")
  private Integer rounds;

  @Option(
      names = "--downtime-limit",
      paramLabel = "MS",
      description = "move the guest when the rest would take at most so long; 300 unless given")
  private Long downtimeLimit;

  @Option(
      names = "--max-bandwidth",
      paramLabel = "B/s",
      description = "bytes a second read while the guest runs on the source; K, M, G may follow")
  private String maxBandwidth;

  /** Takes an option of a plain command line; false when it is none of these, or needs picocli. */
  boolean take(final PlainArguments option) {
    switch (option.name()) {
      case "--mode" -> mode = option.text();
      case "--warmup-time" -> time = (double) option.number();
      case "--warmup-rounds" -> rounds = option.number();
      case "--downtime-limit" -> downtimeLimit = (long) option.number();
      case "--max-bandwidth" -> maxBandwidth = option.text();
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Checks the options. */
  WarmupOptions options() throws MigrationException {
    if (!List.of("hybrid", "precopy", "postcopy").contains(mode)) {
      throw refused("--mode must be hybrid, postcopy or precopy, not " + mode);
    }
    if (mode.equals("postcopy")
        && (time != null || rounds != null || downtimeLimit != null || maxBandwidth != null)) {
      throw refused(
          "--warmup-time, --warmup-rounds, --downtime-limit and --max-bandwidth are for --mode"
              + " hybrid and --mode precopy");
    }
    if (time != null && !(time > 0 && time <= MAX_SECONDS)) {
      throw refused("--warmup-time must be more than 0 seconds, not " + time);
    }
    if (rounds != null && rounds < 1) {
      throw refused("--warmup-rounds must be at least 1, not " + rounds);
    }
    if (downtimeLimit != null && downtimeLimit < 0) {
      throw refused("--downtime-limit must be 0 ms or more, not " + downtimeLimit);
    }
    return new WarmupOptions(
        mode,
        new WarmupLimits(
            mode.equals("precopy"),
            time == null ? 0 : Math.max(1, Math.round(time * 1000)),
            rounds == null ? 0 : rounds,
            downtimeLimit == null ? DEFAULT_DOWNTIME_LIMIT_MS : downtimeLimit),
        maxBandwidth == null ? 0 : ByteCount.parse("--max-bandwidth", maxBandwidth));
  }

  private static MigrationException refused(final String message) {
    return new MigrationException(Outcome.REFUSED, message);
  }
}
