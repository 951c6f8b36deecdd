package io.farpage.cli;

import io.farpage.control.LaneCounts;
import io.farpage.migration.DestinationMigration;
import io.farpage.migration.DestinationOptions;
import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import io.farpage.migration.StateDirectory;
import io.farpage.migration.WarmupOptions;
import io.farpage.report.MigrationReport;
import io.farpage.transport.rdma.CompletionMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage dest}: fetches the guest from a source. */
@Command(
    name = "dest",
    description = "Beside the QEMU that waits for the guest: fetches it from a source.",
    mixinStandardHelpOptions = true)
final class DestCommand implements Callable<Integer>, PlainArguments.Target {
  @Mixin private final CommonOptions common = new CommonOptions();

  @Option(
      names = "--source",
      required = true,
      paramLabel = "HOST:PORT",
      description = "where `farpage source` listens")
  private String source;

  @Mixin private final WarmupArguments warmup = new WarmupArguments();

  @Option(
      names = "--max-postcopy-bandwidth",
      paramLabel = "B/s",
      description = "bytes a second fetched ahead of demand, 0 for no limit; K, M, G may follow")
  private String maxPostcopyBandwidth = "0";

  @Mixin private final PrefetchArguments prefetch = new PrefetchArguments();

  @Option(
      names = "--rdma-completions",
      paramLabel = "HOW",
      description =
          "auto, events or polling; auto polls on an adapter, not on a device in software")
  private String completions = "auto";

  @Option(
      names = "--demand-agents",
      paramLabel = "N",
      description =
          "how many threads, each with a part of the RAM and a connection, answer what the guest"
              + " waits for, 1 to 16; by default by the guest's CPUs and a third of this host's")
  private Integer demandAgents;

  @Option(
      names = "--bulk-lanes",
      paramLabel = "N",
      description =
          "how many connections bring what is fetched ahead, 1 to 16; by default a quarter of this"
              + " host's CPUs, at most 4")
  private Integer bulkLanes;

  @Option(names = "--resume", description = "go on with a migration that was interrupted")
  private boolean resume;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "write a report at the end: JSON, or a page for people when FILE is .html")
  private Path report;

  @Option(
      names = "--metrics",
      paramLabel = "HOST:PORT",
      description = "serve metrics in Prometheus' text format")
  private String metrics;

  @Override
  public boolean take(final PlainArguments option) {
    switch (option.name()) {
      case "--source" -> source = option.text();
      case "--max-postcopy-bandwidth" -> maxPostcopyBandwidth = option.text();
      case "--rdma-completions" -> completions = option.text();
      case "--demand-agents" -> demandAgents = option.number();
      case "--bulk-lanes" -> bulkLanes = option.number();
      case "--resume" -> resume = true;
      case "--report" -> report = option.path();
      case "--metrics" -> metrics = option.text();
      default -> {
        return common.take(option) || warmup.take(option) || prefetch.take(option);
      }
    }
    return true;
  }

  @Override
  public boolean isComplete() {
    return common.isComplete() && source != null;
  }

  @Override
  public Integer call() {
    final Session session = new Session(common.json);
    final DestinationMigration[] migration = new DestinationMigration[1];
    return session.run(
        () -> {
          common.configureLogging();
          migration[0] = new DestinationMigration(options(), session);
          try (ControlSocket control =
                  ControlSocket.open(common.control, session, new MigrationControl(migration[0]));
              MetricsServer server = MetricsServer.open(metrics, session)) {
            migration[0].run();
          }
          end(session, MigrationReport.of(migration[0].report()));
        },
        who -> {
          if (migration[0] != null) {
            migration[0].cancel(who);
          }
        });
  }

  private DestinationOptions options() throws MigrationException {
    requireSupported();
    final WarmupOptions warm = warmup.options();
    return new DestinationOptions(
        common.qmp,
        common.pid(),
        SourceCommand.endpoint("--source", source),
        common.wire(false),
        common.transport(),
        completions(),
        warm,
        ByteCount.parse("--max-postcopy-bandwidth", maxPostcopyBandwidth),
        optional(demandAgents),
        optional(bulkLanes),
        prefetch.options(warm.mode(), resume),
        resume,
        StateDirectory.open(common.stateDir));
  }

  private static OptionalInt optional(final Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  private static void requireLanes(final String option, final Integer count)
      throws MigrationException {
    if (count != null && (count < 1 || count > LaneCounts.MAX_EACH)) {
      throw refused(option + " must be 1 to " + LaneCounts.MAX_EACH + ", not " + count);
    }
  }

  private CompletionMode completions() throws MigrationException {
    return switch (completions) {
      case "auto" -> CompletionMode.AUTO;
      case "events" -> CompletionMode.EVENTS;
      case "polling" -> CompletionMode.POLLING;
      default ->
          throw refused("--rdma-completions must be auto, events or polling, not " + completions);
    };
  }

  private void requireSupported() throws MigrationException {
    requireLanes("--demand-agents", demandAgents);
    requireLanes("--bulk-lanes", bulkLanes);
    if (report != null) {
      final Path directory = report.toAbsolutePath().getParent();
      if (directory == null || !Files.isDirectory(directory) || Files.isDirectory(report)) {
        throw refused("--report: " + report + " is no file in an existing directory");
      }
    }
  }

  private static MigrationException refused(final String message) {
    return new MigrationException(Outcome.REFUSED, message);
  }

  private void end(final Session session, final MigrationReport figures) {
    figures.summary().forEach(session::say);
    if (report != null) {
      try {
        figures.write(report);
      } catch (final IOException e) {
        System.err.println("farpage: the report could not be written: " + e);
      }
    }
  }
}
