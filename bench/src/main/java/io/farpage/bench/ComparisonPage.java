package io.farpage.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** A comparison as one self-contained page: nothing is loaded from anywhere. */
final class ComparisonPage {
  private final Comparison comparison;
  private final ComparisonPlots plots;
  private final double thresholdMicros;

  ComparisonPage(final Comparison comparison, final double thresholdMicros) {
    this.comparison = comparison;
    this.plots = new ComparisonPlots(comparison);
    this.thresholdMicros = thresholdMicros;
  }

  /**
   * Writes the page.
   *
   * @param circumstances what the figures depend on, in one line
   * @param work what the guest does
   */
  void write(final Path file, final String circumstances, final String work, final List<Goal> goals)
      throws IOException {
    final StringBuilder out = new StringBuilder(1 << 16);
    out.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<title>Farpage beside QEMU's own migration</title><style>")
        .append("body{font:15px/1.5 sans-serif;max-width:75em;margin:2em auto;color:#222}")
        .append("table{border-collapse:collapse;margin:1em 0}")
        .append("td,th{padding:.15em 1em .15em 0;text-align:right;white-space:pre;")
        .append("font-variant-numeric:tabular-nums;border-bottom:1px solid #eee}")
        .append("td:first-child,th:first-child{text-align:left}img{max-width:100%}")
        .append("</style></head><body>\n<h1>Farpage beside QEMU's own migration</h1>\n");
    out.append("<p>").append(escape(circumstances)).append("</p>\n");
    if (!comparison.modes().isEmpty()) {
      table(out, comparison.table());
      final byte[] progress = plots.workOverTime(work);
      if (progress.length > 0) {
        out.append("<h2>What the guest gets done</h2>\n");
        image(out, progress, work + " over time");
        out.append("<p>Medians over the rounds.</p>\n");
      }
      final byte[] waits = plots.waits(thresholdMicros);
      if (waits.length > 0) {
        out.append("<h2>How long the guest waits for a page</h2>\n");
        image(out, waits, "waits");
        out.append("<p>Touches of pages as the guest times them, that took more than ")
            .append(thresholdMicros)
            .append(" µs, of all rounds together.</p>\n");
      }
    }
    if (!goals.isEmpty()) {
      out.append("<h2>Goals</h2>\n");
      table(out, Findings.table(goals));
    }
    list(out, "Notes", comparison.notes());
    list(
        out,
        "What the figures are",
        List.of(Figure.values()).stream()
            .map(figure -> figure.text().strip() + ": " + figure.meaning())
            .toList());
    Files.writeString(file, out.append("</body></html>\n"));
  }

  private static void image(final StringBuilder out, final byte[] png, final String text) {
    out.append("<p><img alt=\"")
        .append(escape(text))
        .append("\" src=\"data:image/png;base64,")
        .append(Base64.getEncoder().encodeToString(png))
        .append("\"></p>\n");
  }

  private static void table(final StringBuilder out, final Table table) {
    out.append("<table>\n");
    String cell = "th";
    for (final List<String> row : table.rows()) {
      out.append("<tr>");
      for (final String text : row) {
        out.append('<').append(cell).append('>').append(escape(text));
        out.append("</").append(cell).append('>');
      }
      out.append("</tr>\n");
      cell = "td";
    }
    out.append("</table>\n");
  }

  private static void list(
      final StringBuilder out, final String title, final List<String> entries) {
    if (entries.isEmpty()) {
      return;
    }
    out.append("<h2>").append(title).append("</h2>\n<ul>\n");
    entries.forEach(entry -> out.append("<li>").append(escape(entry)).append("</li>\n"));
    out.append("</ul>\n");
  }

  private static String escape(final String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
