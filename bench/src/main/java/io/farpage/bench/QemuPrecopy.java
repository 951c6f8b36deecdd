package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.qmp.QmpClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** QEMU's own migration over TCP, as it is when nobody tunes it: all RAM before the switchover. */
final class QemuPrecopy {
  /** QEMU's default, said all the same. */
  static final int DOWNTIME_LIMIT_MS = 300;

  /** More than any link here: QEMU's own default would be the limit. */
  private static final long UNLIMITED = 10L << 30;

  private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(30);
  private static final long POLL_NS = 5_000_000;

  private final QmpClient source;
  private final QmpClient destination;

  QemuPrecopy(final QmpClient source, final QmpClient destination) {
    this.source = source;
    this.destination = destination;
  }

  /**
   * Begins.
   *
   * @param address of the destination
   */
  void begin(final String address) throws IOException {
    for (final QmpClient qmp : List.of(source, destination)) {
      qmp.execute(
          "migrate-set-capabilities",
          Map.of("capabilities", List.of(Map.of("capability", "x-ignore-shared", "state", false))));
      qmp.execute(
          "migrate-set-parameters",
          Map.of("max-bandwidth", UNLIMITED, "downtime-limit", DOWNTIME_LIMIT_MS));
    }
    destination.execute("migrate-incoming", Map.of("uri", "tcp:" + address + ":0"));
    final JsonNode listening = destination.execute("query-migrate").path("socket-address");
    final String port = listening.path(0).path("port").asText();
    if (port.isEmpty()) {
      throw new IOException("QEMU does not say where it listens: " + listening);
    }
    source.execute("migrate", Map.of("uri", "tcp:" + address + ":" + port));
  }

  /** Waits for its end, or for so long; returns what QEMU says of it. */
  JsonNode await(final Duration patience) throws IOException {
    final long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      final JsonNode info = source.execute("query-migrate");
      final String status = info.path("status").asText();
      if (status.equals("failed") || status.equals("cancelled")) {
        throw new IOException("QEMU's migration " + status + ": " + info);
      }
      if (status.equals("completed") || System.nanoTime() - deadline > 0) {
        return info;
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  static boolean isComplete(final JsonNode info) {
    return info.path("status").asText().equals("completed");
  }

  /** Cancels it; then the guest runs on where it was. */
  void cancel() throws IOException {
    source.execute("migrate_cancel");
    final long deadline = System.nanoTime() + CANCEL_TIMEOUT.toNanos();
    String status;
    do {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("QEMU does not cancel its migration");
      }
      LockSupport.parkNanos(POLL_NS);
      status = source.execute("query-migrate").path("status").asText();
    } while (!status.equals("cancelled"));
  }
}
