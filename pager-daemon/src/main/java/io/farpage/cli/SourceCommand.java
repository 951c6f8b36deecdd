package io.farpage.cli;

import io.farpage.dirty.DirtyTracking;
import io.farpage.migration.Endpoint;
import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import io.farpage.migration.SourceMigration;
import io.farpage.migration.SourceOptions;
import io.farpage.migration.StateDirectory;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage source}: waits for a destination and gives the guest away. */
@Command(
    name = "source",
    description = "Beside the QEMU that runs the guest: waits for a destination and serves it.",
    mixinStandardHelpOptions = true)
final class SourceCommand implements Callable<Integer>, PlainArguments.Target {
  @Mixin private final CommonOptions common = new CommonOptions();

  @Option(
      names = "--listen",
      required = true,
      paramLabel = "HOST:PORT",
      description = "where to wait for the destination; port 0 takes a free one")
  private String listen;

  @Option(
      names = "--dirty-tracking",
      paramLabel = "HOW",
      description = "how writes are tracked in a warm-up: auto, wp-async, soft-dirty or off")
  private String dirtyTracking = "auto";

  @Option(
      names = "--keep-source",
      description = "leave this QEMU, stopped, when the guest has gone")
  private boolean keepSource;

  @Override
  public boolean take(final PlainArguments option) {
    switch (option.name()) {
      case "--listen" -> listen = option.text();
      case "--dirty-tracking" -> dirtyTracking = option.text();
      case "--keep-source" -> keepSource = true;
      default -> {
        return common.take(option);
      }
    }
    return true;
  }

  @Override
  public boolean isComplete() {
    return common.isComplete() && listen != null;
  }

  @Override
  public Integer call() {
    final Session session = new Session(common.json);
    final SourceMigration[] migration = new SourceMigration[1];
    return session.run(
        () -> {
          common.configureLogging();
          migration[0] = new SourceMigration(options(), session);
          try (ControlSocket socket =
              ControlSocket.open(common.control, session, new MigrationControl(migration[0]))) {
            migration[0].run();
          }
        },
        who -> {
          if (migration[0] != null) {
            migration[0].cancel(who);
          }
        });
  }

  private SourceOptions options() throws MigrationException {
    return new SourceOptions(
        common.qmp,
        common.pid(),
        endpoint("--listen", listen),
        common.wire(true),
        common.transport(),
        tracking(),
        keepSource,
        StateDirectory.open(common.stateDir));
  }

  private DirtyTracking tracking() throws MigrationException {
    return switch (dirtyTracking) {
      case "auto" -> DirtyTracking.AUTO;
      case "wp-async" -> DirtyTracking.WP_ASYNC;
      case "soft-dirty" -> DirtyTracking.SOFT_DIRTY;
      case "off" -> DirtyTracking.OFF;
      default ->
          throw new MigrationException(
              Outcome.REFUSED,
              "--dirty-tracking must be auto, wp-async, soft-dirty or off, not " + dirtyTracking);
    };
  }

  static Endpoint endpoint(final String option, final String value) throws MigrationException {
    try {
      return Endpoint.parse(value);
    } catch (final IllegalArgumentException e) {
      throw new MigrationException(Outcome.REFUSED, option + ": " + e.getMessage(), e);
    }
  }
}
