package io.farpage.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.farpage.migration.MigrationException;
import io.farpage.migration.MigrationListener;
import io.farpage.migration.MigrationStatus;
import io.farpage.migration.Outcome;
import io.farpage.migration.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Serves a few gauges at {@code /metrics} in Prometheus' text format. */
final class MetricsServer implements AutoCloseable, MigrationListener {
  private final HttpServer server;
  private volatile MigrationStatus status = MigrationStatus.NONE;
  private volatile Progress progress = new Progress(-1, 0, 0, 0, 0);

  private MetricsServer(final HttpServer server) {
    this.server = server;
  }

  /** Opens the server and listens to the session; a null address opens nothing. */
  static MetricsServer open(final String address, final Session session) throws MigrationException {
    if (address == null) {
      return null;
    }
    try {
      final HttpServer http =
          HttpServer.create(SourceCommand.endpoint("--metrics", address).resolve(), 8);
      final MetricsServer metrics = new MetricsServer(http);
      http.createContext("/metrics", metrics::answer);
      session.addListener(metrics);
      http.start();
      session.onMessage(
          "metrics at http://"
              + address.replaceFirst(":0$", ":")
              + (address.endsWith(":0") ? http.getAddress().getPort() : "")
              + "/metrics");
      return metrics;
    } catch (final IOException e) {
      throw new MigrationException(
          Outcome.REFUSED, "--metrics " + address + ": " + Main.oneLine(e), e);
    }
  }

  @Override
  public void onStatus(final MigrationStatus next) {
    status = next;
  }

  @Override
  public void onProgress(final Progress next) {
    progress = next;
  }

  private void answer(final HttpExchange exchange) throws IOException {
    final Progress last = progress;
    final StringBuilder text = new StringBuilder();
    text.append("# TYPE farpage_migration_status gauge\n");
    for (final MigrationStatus each : MigrationStatus.values()) {
      text.append("farpage_migration_status{status=\"")
          .append(each.qemuName())
          .append("\"} ")
          .append(each == status ? 1 : 0)
          .append('\n');
    }
    gauge(text, "farpage_ram_total_bytes", Math.max(0, last.totalBytes()));
    gauge(text, "farpage_ram_remaining_bytes", last.remainingBytes());
    gauge(text, "farpage_demand_faults", last.demandFaults());
    gauge(text, "farpage_prefetched_pages", last.prefetchedPages());
    final byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static void gauge(final StringBuilder text, final String name, final long value) {
    text.append("# TYPE ").append(name).append(" gauge\n");
    text.append(name).append(' ').append(value).append('\n');
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
