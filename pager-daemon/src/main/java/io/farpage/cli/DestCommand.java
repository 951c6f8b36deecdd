package io.farpage.cli;

import io.farpage.migration.DestinationMigration;
import io.farpage.migration.DestinationOptions;
import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import io.farpage.migration.StateDirectory;
import io.farpage.report.MigrationReport;
import io.farpage.transport.rdma.CompletionMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage dest}: fetches the guest from a source. */
@Command(
    name = "dest",
    description = "Beside the QEMU that waits for the guest: fetches it from a source.",
    mixinStandardHelpOptions = true)
final class DestCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--source",
      required = true,
      paramLabel = "HOST:PORT",
      description = "where `farpage source` listens")
  private String source;

  @Mixin private WarmupArguments warmup;

  @Option(
      names = "--max-postcopy-bandwidth",
      paramLabel = "B/s",
      defaultValue = "0",
      description = "bytes a second fetched ahead of demand, 0 for no limit; K, M, G may follow")
  private String maxPostcopyBandwidth;

  @Option(
      names = "--prefetch",
      paramLabel = "POLICY",
      defaultValue = "auto",
      description =
          "what to fetch ahead: sweep, hot-first, or auto, which is hot-first after a warm-up")
  private String prefetch;

  @Option(
      names = "--rdma-completions",
      paramLabel = "HOW",
      defaultValue = "auto",
      description =
          "auto, events or polling; auto polls on an adapter, not on a device in software")
  private String completions;

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
    return new DestinationOptions(
        common.qmp,
        common.pid(),
        SourceCommand.endpoint("--source", source),
        common.wire(false),
        common.transport(),
        completions(),
        warmup.options(),
        ByteCount.parse("--max-postcopy-bandwidth", maxPostcopyBandwidth),
        prefetch,
        resume,
        StateDirectory.open(common.stateDir));
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
    if (!List.of("auto", "sweep", "hot-first").contains(prefetch)) {
      throw refused("--prefetch must be auto, sweep or hot-first, not " + prefetch);
    }
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
