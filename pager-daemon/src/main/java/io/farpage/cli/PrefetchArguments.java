package io.farpage.cli;

import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import io.farpage.migration.PrefetchOptions;
import io.farpage.prefetch.PrefetchPolicies;
import io.farpage.trace.FaultTrace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options of {@code dest} that say what to fetch ahead of demand, and what to record. */
final class PrefetchArguments {
  private static final double MAX_SECONDS = 1e6;

  @Option(
      names = "--prefetch",
      paramLabel = "POLICY",
      description =
          "what to fetch ahead: sweep, bubble, trend, hot-first, replay, or auto, which gives each"
              + " of them its share by how often the guest uses what it has fetched")
  private String policy = PrefetchPolicies.AUTO;

  @Option(
      names = "--prefetch-after",
      paramLabel = "S",
      description = "for so many seconds after the guest has moved, fetch only what it asks for")
  private double afterSeconds = 0;

  @Option(
      names = "--record-faults",
      paramLabel = "FILE",
      description = "record which pages the guest touches; the file is there when all has arrived")
  private Path record;

  @Option(
      names = "--replay-faults",
      paramLabel = "FILE",
      description =
          "fetch first what an earlier --record-faults has recorded; may be the same file")
  private Path replay;

  /** Takes an option of a plain command line; false when it is none of these, or needs picocli. */
  boolean take(final PlainArguments option) {
    switch (option.name()) {
      case "--prefetch" -> policy = option.text();
      case "--prefetch-after" -> afterSeconds = option.number();
      case "--record-faults" -> record = option.path();
      case "--replay-faults" -> replay = option.path();
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Checks the options, and reads the recording. */
  PrefetchOptions options(final String mode, final boolean resume) throws MigrationException {
    if (!PrefetchPolicies.NAMES.contains(policy)) {
      throw refused(
          "--prefetch must be one of "
              + String.join(", ", PrefetchPolicies.NAMES)
              + ", not "
              + policy);
    }
    if (policy.equals(PrefetchPolicies.REPLAY) && replay == null) {
      throw refused("--prefetch replay needs --replay-faults FILE");
    }
    if (replay != null
        && !policy.equals(PrefetchPolicies.REPLAY)
        && !policy.equals(PrefetchPolicies.AUTO)) {
      throw refused("--replay-faults is for --prefetch auto and --prefetch replay");
    }
    if (!(afterSeconds >= 0 && afterSeconds <= MAX_SECONDS)) {
      throw refused("--prefetch-after must be 0 seconds or more, not " + afterSeconds);
    }
    if (afterSeconds > 0 && mode.equals("precopy")) {
      throw refused("--prefetch-after is for --mode hybrid and --mode postcopy");
    }
    requireRecordable(resume);
    return new PrefetchOptions(policy, Math.round(afterSeconds * 1000), read(), record);
  }

  private void requireRecordable(final boolean resume) throws MigrationException {
    if (record == null) {
      return;
    }
    if (resume) {
      throw refused("--record-faults records a migration from its beginning, not with --resume");
    }
    final Path directory = record.toAbsolutePath().getParent();
    if (directory == null || !Files.isWritable(directory) || Files.isDirectory(record)) {
      throw refused("--record-faults: " + record + " is no file in a directory that is writable");
    }
  }

  private FaultTrace read() throws MigrationException {
    if (replay == null) {
      return null;
    }
    try {
      return FaultTrace.read(replay);
    } catch (final IOException e) {
      throw new MigrationException(Outcome.REFUSED, "--replay-faults: " + e.getMessage(), e);
    }
  }

  private static MigrationException refused(final String message) {
    return new MigrationException(Outcome.REFUSED, message);
  }
}
