package io.farpage.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.migration.DestinationReport;
import io.farpage.migration.MigrationStatus;
import io.farpage.migration.Progress;
import io.farpage.migration.SourceReport;
import io.farpage.migration.WarmupReport;
import io.farpage.pager.PagerCounter;
import io.farpage.pager.PagerCounters;
import io.farpage.prefetch.PageSpace;
import io.farpage.warmup.WarmupRound;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationReportTest {
  @TempDir private Path directory;

  private static MigrationReport report(final boolean withSource) {
    final PagerCounters counters = new PagerCounters();
    counters.add(PagerCounter.DEMAND_FAULTS, 3);
    counters.add(PagerCounter.DEMAND_BYTES, 3 * 4096);
    counters.add(PagerCounter.PREFETCHED_PAGES, 5);
    counters.add(PagerCounter.PREFETCHED_BYTES, 5 * 4096);
    counters.add(PagerCounter.ZERO_PAGES, 7);
    final Histogram latency = new Histogram(1, 100_000_000_000L, 3);
    latency.recordValue(1_500);
    latency.recordValue(100_000);
    latency.recordValue(110_000);
    return MigrationReport.of(
        new DestinationReport(
            "hybrid",
            warmup(),
            "tcp",
            0,
            2,
            new PageSpace(new long[] {16 * 4096}, new long[] {4096}),
            8 * 4096,
            counters,
            latency,
            0,
            0,
            withSource
                ? new SourceReport(5_000_000, 200_000_000, 30_000_000, 1000, 8 * 4096, 8 * 4096)
                : null));
  }

  private static WarmupReport warmup() {
    final WarmupRound first =
        new WarmupRound(1, 0, 40, 8192, 8192, 0, 4096, 4096, 0, 4096, 1, 900, 204_800, 102_400);
    return new WarmupReport(
        "wp-async",
        12,
        45,
        300_000,
        List.of(first),
        2,
        8192,
        "fits-downtime-limit",
        "4 KiB left < 300 ms",
        4096,
        1,
        70_000,
        4096);
  }

  @Test
  void namesAreThoseOfTheContract() throws IOException {
    final Path file = directory.resolve("report.json");
    report(true).write(file);
    final JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertEquals("completed", json.path("status").asText());
    assertEquals(200, json.path("total-time").asDouble());
    assertEquals(5, json.path("downtime").asDouble());
    assertEquals(30, json.path("setup-time").asDouble());
    final JsonNode ram = json.path("ram");
    assertEquals(2 * 4096 + 8 * 4096 + 1000, ram.path("transferred").asLong());
    assertEquals(16 * 4096, ram.path("total").asLong());
    assertEquals(4096, ram.path("page-size").asLong());
    assertEquals(2 * 4096, ram.path("precopy-bytes").asLong());
    assertEquals(8 * 4096, ram.path("postcopy-bytes").asLong());
    assertEquals(3, ram.path("postcopy-requests").asLong());
    assertEquals(3, ram.path("dirty-sync-count").asLong());
    assertTrue(json.path("postcopy-latency").isIntegralNumber());
    assertEquals(List.of(1, 0, 0, 0, 0, 0, 2), ints(json.path("postcopy-latency-dist")));
    final JsonNode ours = json.path("farpage");
    assertEquals(3, ours.path("demand-faults").asLong());
    assertEquals(5, ours.path("prefetched-pages").asLong());
    assertEquals(7, ours.path("zero-pages").asLong());
    assertTrue(ours.has("gc-count-postcopy"));
    assertEquals("tcp", ours.path("transport").asText());
    assertEquals("hybrid", ours.path("mode").asText());
    final JsonNode warmup = ours.path("warmup");
    assertEquals("fits-downtime-limit", warmup.path("reason").asText());
    assertEquals(1, warmup.path("rounds").size());
    assertEquals(8192, warmup.path("rounds").path(0).path("read-bytes").asLong());
    final List<String> percentiles = new ArrayList<>();
    ours.path("fault-latency-ns").fieldNames().forEachRemaining(percentiles::add);
    assertEquals(List.of("p50", "p90", "p99", "p999", "max"), percentiles);
  }

  @Test
  void withoutTheSourcesLastWordItsTimesAreLeftOut() {
    final JsonNode json = report(false).toJson();
    assertFalse(json.has("downtime"));
    assertEquals("completed", json.path("status").asText());
    assertFalse(report(false).summary().isEmpty());
  }

  @Test
  void thePageForPeopleLoadsNothing() throws IOException {
    final Path file = directory.resolve("report.HTML");
    report(true).write(file);
    final String html = Files.readString(file);
    assertTrue(html.startsWith("<!DOCTYPE html>"));
    assertTrue(html.contains("<svg"));
    assertTrue(html.contains("fault-latency-ns.p99"));
    assertTrue(html.contains("switchover, 57 ms"));
    assertTrue(html.contains("4 KiB left &lt; 300 ms"));
    for (final String reference : List.of("http:", "https:", "src=", "href=", "url(", "@import")) {
      assertFalse(html.contains(reference), reference);
    }
  }

  @Test
  void eventsAreShapedLikeQmpsOneALine() throws IOException {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final JsonEvents events = new JsonEvents(new PrintStream(out, true, StandardCharsets.UTF_8));
    events.onListening("127.0.0.1", 41234);
    events.onStatus(MigrationStatus.POSTCOPY_ACTIVE);
    events.onResume();
    events.onProgress(new Progress(100, 40, 3, 5, 1000));
    events.onError("two\nlines");
    events.onMessage("for people only");
    final String[] lines = out.toString(StandardCharsets.UTF_8).split("\n");
    assertEquals(5, lines.length);
    final ObjectMapper json = new ObjectMapper();
    final JsonNode listening = json.readTree(lines[0]);
    assertEquals("LISTENING", listening.path("event").asText());
    assertEquals(41234, listening.path("data").path("port").asInt());
    assertTrue(listening.path("timestamp").path("seconds").isIntegralNumber());
    assertTrue(listening.path("timestamp").path("microseconds").isIntegralNumber());
    assertEquals("postcopy-active", json.readTree(lines[1]).at("/data/status").asText());
    assertEquals("RESUME", json.readTree(lines[2]).path("event").asText());
    assertEquals(40, json.readTree(lines[3]).at("/data/remaining").asInt());
  }

  private static List<Integer> ints(final JsonNode array) {
    final List<Integer> values = new ArrayList<>();
    array.forEach(value -> values.add(value.asInt()));
    return values;
  }
}
