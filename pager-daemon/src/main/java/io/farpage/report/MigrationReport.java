package io.farpage.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.migration.DestinationReport;
import io.farpage.migration.SourceReport;
import io.farpage.migration.WarmupReport;
import io.farpage.pager.PagerCounter;
import io.farpage.pager.PagerCounters;
import io.farpage.prefetch.PageSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * The report at the end of a migration: one JSON object, with QEMU's names where QEMU has one
 * ({@code query-migrate}), and those of Farpage under {@code farpage}.
 */
public final class MigrationReport {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ObjectNode root;

  private MigrationReport(final ObjectNode root) {
    this.root = root;
  }

  /** Builds the report of a completed migration. */
  public static MigrationReport of(final DestinationReport figures) {
    final ObjectNode root = JSON.createObjectNode();
    final SourceReport source = figures.source();
    root.put("status", "completed");
    if (source != null) {
      root.put("total-time", millis(source.totalNs()));
      root.put("downtime", millis(source.downtimeNs()));
      root.put("setup-time", millis(source.setupNs()));
    }
    addRam(root.putObject("ram"), figures);
    final Histogram latency = figures.faultLatencyNs();
    root.put("postcopy-latency", Math.round(latency.getMean()));
    addDistribution(root.putArray("postcopy-latency-dist"), latency);
    addOurs(root.putObject("farpage"), figures);
    return new MigrationReport(root);
  }

  private static double millis(final long nanos) {
    return Math.round(nanos / 1e3) / 1e3;
  }

  private static void addRam(final ObjectNode ram, final DestinationReport figures) {
    final PagerCounters counters = figures.counters();
    final PageSpace space = figures.space();
    long total = 0;
    for (int region = 0; region < space.regionCount(); region++) {
      total += (space.endPage(region) - space.firstPage(region)) * space.pageSizeBytes(region);
    }
    final long postcopy =
        counters.get(PagerCounter.DEMAND_BYTES) + counters.get(PagerCounter.PREFETCHED_BYTES);
    final long device = figures.source() == null ? 0 : figures.source().deviceStateBytes();
    final WarmupReport warmup = figures.warmup();
    final long precopy = warmup == null ? 0 : warmup.readBytes();
    ram.put("transferred", precopy + postcopy + device)
        .put("total", total)
        .put("page-size", space.pageSizeBytes(0))
        .put("precopy-bytes", precopy)
        .put("downtime-bytes", device)
        .put("postcopy-bytes", postcopy)
        .put("postcopy-requests", counters.get(PagerCounter.DEMAND_FAULTS))
        .put("dirty-sync-count", warmup == null ? 0 : warmup.scans() + 1);
  }

  /** Bucket N counts the faults of [2^N, 2^(N+1)) microseconds, as QEMU 10.1 does. */
  private static void addDistribution(final ArrayNode out, final Histogram latency) {
    final long[] buckets = new long[28];
    int used = 0;
    for (final HistogramIterationValue value : latency.recordedValues()) {
      final long micros = Math.max(1, value.getValueIteratedTo() / 1000);
      final int bucket = Math.min(buckets.length - 1, 63 - Long.numberOfLeadingZeros(micros));
      buckets[bucket] += value.getCountAtValueIteratedTo();
      used = Math.max(used, bucket + 1);
    }
    for (int i = 0; i < used; i++) {
      out.add(buckets[i]);
    }
  }

  private static void addOurs(final ObjectNode out, final DestinationReport figures) {
    for (final PagerCounter counter : PagerCounter.values()) {
      out.put(counter.label(), figures.counters().get(counter));
    }
    final Histogram latency = figures.faultLatencyNs();
    out.putObject("fault-latency-ns")
        .put("p50", latency.getValueAtPercentile(50))
        .put("p90", latency.getValueAtPercentile(90))
        .put("p99", latency.getValueAtPercentile(99))
        .put("p999", latency.getValueAtPercentile(99.9))
        .put("max", latency.getMaxValue());
    out.put("mode", figures.mode());
    if (figures.warmup() != null) {
      out.set("warmup", WarmupJson.of(figures.warmup()));
    }
    out.put("data-bytes", figures.dataBytes())
        .put("gc-count-postcopy", figures.collections())
        .put("allocated-bytes-postcopy", figures.agentsAllocatedBytes())
        .put("demand-agents", figures.demandAgents())
        .put("transport", figures.transport())
        .put("one-sided-bytes", figures.oneSidedBytes());
  }

  /** Returns the report as JSON. */
  public ObjectNode toJson() {
    return root.deepCopy();
  }

  /** Writes the report: a page for people when the name ends in {@code .html}, else JSON. */
  public void write(final Path file) throws IOException {
    final boolean html = file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".html");
    Files.writeString(file, html ? new HtmlReport(root).render() : json());
  }

  private String json() throws IOException {
    return JSON.writeValueAsString(root) + System.lineSeparator();
  }

  /** Returns the few lines that people want first. */
  public List<String> summary() {
    final var farpage = root.path("farpage");
    final var latency = farpage.path("fault-latency-ns");
    final var ram = root.path("ram");
    return List.of(
        String.format(
            Locale.ROOT,
            "downtime %.1f ms, total %.0f ms, %d MiB moved by %s, %d MiB of them before the guest",
            root.path("downtime").asDouble(),
            root.path("total-time").asDouble(),
            (ram.path("precopy-bytes").asLong() + ram.path("postcopy-bytes").asLong()) >> 20,
            farpage.path("transport").asText(),
            ram.path("precopy-bytes").asLong() >> 20),
        String.format(
            Locale.ROOT,
            "%d demand faults, %d prefetched pages, %d zero pages",
            farpage.path("demand-faults").asLong(),
            farpage.path("prefetched-pages").asLong(),
            farpage.path("zero-pages").asLong()),
        String.format(
            Locale.ROOT,
            "fault latency p50 %.0f us, p99 %.0f us, max %.0f us",
            latency.path("p50").asLong() / 1e3,
            latency.path("p99").asLong() / 1e3,
            latency.path("max").asLong() / 1e3));
  }
}
