package io.farpage.migration;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.DaemonProcess;
import io.farpage.cli.LocalMigration;

/** What the destination of a hybrid migration says about its warm-up. */
final class WarmupEvents {
  private WarmupEvents() {}

  /** Waits until some memory has been read while the guest runs on the source. */
  static void awaitReading(final LocalMigration migration) {
    awaitReading(migration.destination());
  }

  /** Waits until some memory has been read while the guest runs on the source. */
  static void awaitReading(final DaemonProcess destination) {
    awaitRead(destination, 1);
  }

  /** Waits until so much memory has been read, and not been written since as far as is known. */
  static void awaitRead(final DaemonProcess destination, final long bytes) {
    destination.awaitEvent(
        "PROGRESS",
        data -> data.path("total").asLong() - data.path("remaining").asLong() >= bytes,
        MigrationLab.MIGRATION);
  }

  /** Waits until a round has ended, and returns its figures. */
  static JsonNode awaitRound(final LocalMigration migration, final int round) {
    return migration
        .destination()
        .awaitEvent(
            "MIGRATION_PASS", data -> data.path("pass").asInt() >= round, MigrationLab.MIGRATION);
  }

  /** Waits for the end of the warm-up, and returns why it ended. */
  static JsonNode awaitSwitchover(final DaemonProcess daemon) {
    return daemon.awaitEvent("SWITCHOVER", data -> true, MigrationLab.MIGRATION);
  }
}
