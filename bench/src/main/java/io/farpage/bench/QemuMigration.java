package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.qmp.QmpClient;
import io.farpage.qmp.QmpException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * QEMU's own migration as fast as it can be: no limit of bandwidth in any phase, and post-copy from
 * the first moment on unless told otherwise.
 */
final class QemuMigration {
  /** QEMU's default, said all the same. */
  static final int DOWNTIME_LIMIT_MS = 300;

  /** More than any link here: QEMU's own default would be the limit. */
  private static final long UNLIMITED = 10L << 30;

  /** For post-copy it is the word for unlimited. */
  private static final long NO_LIMIT = 0;

  private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(30);
  private static final long POLL_NS = 2_000_000;

  private final QmpClient source;
  private final QmpClient destination;
  private final QemuMode mode;

  QemuMigration(final QmpClient source, final QmpClient destination, final QemuMode mode) {
    this.source = source;
    this.destination = destination;
    this.mode = mode;
  }

  /**
   * Begins.
   *
   * @param address of the destination
   */
  void begin(final String address) throws IOException {
    for (final QmpClient qmp : List.of(source, destination)) {
      final List<Map<String, Object>> capabilities = new ArrayList<>();
      for (final JsonNode each : qmp.execute("query-migrate-capabilities")) {
        final String name = each.path("capability").asText();
        final boolean wanted = mode.capabilities().contains(name);
        if (each.path("state").asBoolean() != wanted) {
          capabilities.add(Map.of("capability", name, "state", wanted));
        }
      }
      if (!capabilities.isEmpty()) {
        qmp.execute("migrate-set-capabilities", Map.of("capabilities", capabilities));
      }
      qmp.execute(
          "migrate-set-parameters",
          Map.of(
              "max-bandwidth",
              UNLIMITED,
              "max-postcopy-bandwidth",
              NO_LIMIT,
              "downtime-limit",
              DOWNTIME_LIMIT_MS));
    }
    source.execute("migrate", Map.of("uri", listen(address)));
  }

  private String listen(final String address) throws IOException {
    if (mode.scheme().equals("rdma")) {
      // QEMU does not tell which port it has taken
      final String uri = "rdma:" + address + ":" + freePort(address);
      destination.execute("migrate-incoming", Map.of("uri", uri));
      return uri;
    }
    destination.execute("migrate-incoming", Map.of("uri", "tcp:" + address + ":0"));
    final JsonNode listening = destination.execute("query-migrate").path("socket-address");
    final String port = listening.path(0).path("port").asText();
    if (port.isEmpty()) {
      throw new IOException("QEMU does not say where it listens: " + listening);
    }
    return "tcp:" + address + ":" + port;
  }

  private static int freePort(final String address) throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      return socket.getLocalPort();
    }
  }

  /** Lets the guest move now, in a mode that is post-copy. */
  void startPostcopy() {
    source.execute("migrate-start-postcopy");
  }

  /** Waits until the source is done with it, or for so long; returns what QEMU says of it. */
  JsonNode await(final Duration patience) throws IOException {
    return await(source, patience);
  }

  /** The same for the destination. */
  JsonNode awaitDestination(final Duration patience) throws IOException {
    return await(destination, patience);
  }

  private JsonNode await(final QmpClient side, final Duration patience) throws IOException {
    final long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      final JsonNode info;
      try {
        info = side.execute("query-migrate");
      } catch (final QmpException e) {
        throw new IOException("QEMU's migration failed: " + e.getMessage(), e);
      }
      final String status = info.path("status").asText();
      if (status.equals("failed")
          || status.equals("cancelled")
          || status.equals("postcopy-paused")) {
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

  /** Cancels it before the guest has moved; then it runs on where it was. */
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
