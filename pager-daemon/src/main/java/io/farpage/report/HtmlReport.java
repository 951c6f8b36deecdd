package io.farpage.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;

/**
 * A report as one self-contained page: the figures as a table, and the distribution of fault
 * latencies and the origin of pages drawn in SVG. Nothing is loaded from anywhere.
 */
final class HtmlReport {
  private static final int PLOT_WIDTH = 640;
  private static final int PLOT_HEIGHT = 200;
  private static final int AXIS = 30;

  private final ObjectNode report;

  HtmlReport(final ObjectNode report) {
    this.report = report;
  }

  String render() {
    final StringBuilder out = new StringBuilder(8192);
    out.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<title>Farpage migration</title><style>")
        .append("body{font:15px/1.5 sans-serif;max-width:44em;margin:2em auto;color:#222}")
        .append("table{border-collapse:collapse}td{padding:.15em 1em .15em 0}")
        .append("td:last-child{text-align:right;font-variant-numeric:tabular-nums}")
        .append("rect{fill:#27699e}text{font:12px sans-serif;fill:#444}</style></head><body>\n")
        .append("<h1>Farpage migration</h1>\n");
    headline(out);
    final WarmupTimeline timeline = new WarmupTimeline(report);
    if (!timeline.isEmpty()) {
      out.append("<h2>Before the guest moved</h2>\n");
      timeline.draw(out);
    }
    out.append("<h2>How long the guest waited for a page</h2>\n");
    distribution(out, report.path("postcopy-latency-dist"));
    out.append("<h2>Where the pages came from</h2>\n");
    origins(out);
    out.append("<h2>All figures</h2>\n<table>\n");
    rows(out, "", report);
    return out.append("</table>\n</body></html>\n").toString();
  }

  private void headline(final StringBuilder out) {
    final JsonNode latency = report.path("farpage").path("fault-latency-ns");
    out.append(
        String.format(
            Locale.ROOT,
            "<p>Downtime <b>%.1f ms</b>, total <b>%.0f ms</b>; half of the demand faults took less"
                + " than <b>%.0f µs</b>, 99 %% less than <b>%.0f µs</b>.</p>%n",
            report.path("downtime").asDouble(),
            report.path("total-time").asDouble(),
            latency.path("p50").asLong() / 1e3,
            latency.path("p99").asLong() / 1e3));
  }

  private static void distribution(final StringBuilder out, final JsonNode buckets) {
    long most = 1;
    for (final JsonNode bucket : buckets) {
      most = Math.max(most, bucket.asLong());
    }
    final int count = Math.max(1, buckets.size());
    final int width = PLOT_WIDTH / count;
    out.append(
        String.format(
            "<svg width=\"%d\" height=\"%d\" role=\"img\">%n", PLOT_WIDTH, PLOT_HEIGHT + AXIS));
    for (int i = 0; i < buckets.size(); i++) {
      final long value = buckets.get(i).asLong();
      final long height = value * (PLOT_HEIGHT - 20) / most;
      out.append(
          String.format(
              "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                  + "<text x=\"%d\" y=\"%d\">%d</text><text x=\"%d\" y=\"%d\">%s</text>%n",
              i * width,
              PLOT_HEIGHT - height,
              Math.max(1, width - 4),
              height,
              i * width,
              PLOT_HEIGHT - height - 4,
              value,
              i * width,
              PLOT_HEIGHT + 16,
              duration(i)));
    }
    out.append("</svg>\n");
  }

  private static String duration(final int bucket) {
    final long micros = 1L << bucket;
    return micros < 1000
        ? micros + " µs"
        : micros < 1_000_000 ? micros / 1000 + " ms" : micros / 1_000_000 + " s";
  }

  private void origins(final StringBuilder out) {
    final JsonNode farpage = report.path("farpage");
    final String[] names = {"demand-faults", "prefetched-pages", "zero-pages"};
    long most = 1;
    for (final String name : names) {
      most = Math.max(most, farpage.path(name).asLong());
    }
    out.append(String.format("<svg width=\"%d\" height=\"90\" role=\"img\">%n", PLOT_WIDTH));
    for (int i = 0; i < names.length; i++) {
      final long value = farpage.path(names[i]).asLong();
      out.append(
          String.format(
              "<text x=\"0\" y=\"%d\">%s</text><rect x=\"130\" y=\"%d\" width=\"%d\""
                  + " height=\"18\"/><text x=\"%d\" y=\"%d\">%d</text>%n",
              20 + 28 * i,
              names[i],
              6 + 28 * i,
              value * 400 / most,
              138 + value * 400 / most,
              20 + 28 * i,
              value));
    }
    out.append("</svg>\n");
  }

  private static void rows(final StringBuilder out, final String prefix, final JsonNode node) {
    for (final Map.Entry<String, JsonNode> field : node.properties()) {
      final String name = prefix + field.getKey();
      if (field.getValue().isObject()) {
        rows(out, name + ".", field.getValue());
      } else if (!field.getValue().isArray()) {
        out.append("<tr><td>")
            .append(name)
            .append("</td><td>")
            .append(field.getValue().asText())
            .append("</td></tr>\n");
      }
    }
  }
}
