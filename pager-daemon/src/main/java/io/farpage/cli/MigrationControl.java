package io.farpage.cli;

import io.farpage.migration.DestinationMigration;
import io.farpage.migration.MigrationStatus;
import io.farpage.migration.SourceMigration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Hands an operator's wishes to the one migration of this process. */
final class MigrationControl implements DaemonControl {
  private final Consumer<String> cancel;
  private final Consumer<String> switchOver;
  private final Supplier<MigrationStatus> status;

  MigrationControl(final SourceMigration migration) {
    cancel = migration::cancel;
    switchOver = migration::switchOver;
    status = migration::status;
  }

  MigrationControl(final DestinationMigration migration) {
    cancel = migration::cancel;
    switchOver = migration::switchOver;
    status = migration::status;
  }

  @Override
  public void cancel(final String who) {
    cancel.accept(who);
  }

  @Override
  public boolean startPostcopy(final String who) {
    if (status.get() != MigrationStatus.ACTIVE) {
      return false;
    }
    switchOver.accept(who);
    return true;
  }
}
