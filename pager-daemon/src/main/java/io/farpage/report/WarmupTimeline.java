package io.farpage.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/**
 * Draws a warm-up over time: for each round what was left to read at its end, and of what was read
 * in it how much was of use; then the switchover, and what followed.
 */
final class WarmupTimeline {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 180;
  private static final int LABELS = 40;
  private static final int MIN_BAR = 2;

  private final JsonNode report;
  private final JsonNode warmup;

  WarmupTimeline(final JsonNode report) {
    this.report = report;
    warmup = report.path("farpage").path("warmup");
  }

  boolean isEmpty() {
    return warmup.path("rounds").isEmpty();
  }

  void draw(final StringBuilder out) {
    final double startMs = warmup.path("started-ms").asDouble();
    final double endMs =
        Math.max(
            startMs + warmup.path("duration-ms").asDouble(), report.path("total-time").asDouble());
    long most = 1;
    for (final JsonNode round : warmup.path("rounds")) {
      most = Math.max(most, Math.max(round.path("read-bytes").asLong(), left(round)));
    }
    format(
        out,
        "<svg width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"timeline\">%n",
        WIDTH,
        HEIGHT + LABELS);
    for (final JsonNode round : warmup.path("rounds")) {
      final double from = startMs + round.path("started-ms").asDouble();
      final int x = (int) (from / endMs * WIDTH);
      final int width =
          Math.max(MIN_BAR, (int) (round.path("duration-ms").asDouble() / endMs * WIDTH) - 1);
      final long read = round.path("read-bytes").asLong();
      final long lost =
          round.path("wasted-bytes").asLong() + round.path("invalidated-bytes").asLong();
      bar(out, x, width, read, most, "#27699e");
      bar(out, x, width, Math.min(read, lost), most, "#d08a3c");
      line(out, x, x + width, height(left(round), most));
      format(
          out, "<text x=\"%d\" y=\"%d\">%d</text>%n", x, HEIGHT + 14, round.path("round").asInt());
    }
    final int stop = (int) ((startMs + warmup.path("duration-ms").asDouble()) / endMs * WIDTH);
    format(
        out,
        "<line x1=\"%d\" x2=\"%d\" y1=\"0\" y2=\"%d\" stroke=\"#a22\"/>"
            + "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">switchover, %.0f ms</text>%n",
        stop,
        stop,
        HEIGHT,
        stop,
        HEIGHT + 30,
        stop > WIDTH / 2 ? "end" : "start",
        startMs + warmup.path("duration-ms").asDouble());
    out.append("</svg>\n");
    format(
        out,
        "<p>Blue: read in a round (%d MiB in all); orange: of that, what the guest wrote meanwhile;"
            + " line: what was left. The guest was stopped because of <b>%s</b>: %s.</p>%n",
        warmup.path("read-bytes").asLong() >> 20,
        warmup.path("reason").asText(),
        escape(warmup.path("explanation").asText()));
  }

  private static long left(final JsonNode round) {
    return round.path("missing-bytes").asLong();
  }

  private static int height(final long bytes, final long most) {
    return (int) (bytes * (HEIGHT - 10) / most);
  }

  private static void bar(
      final StringBuilder out,
      final int x,
      final int width,
      final long bytes,
      final long most,
      final String colour) {
    final int height = height(bytes, most);
    format(
        out,
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" style=\"fill:%s\"/>%n",
        x,
        HEIGHT - height,
        width,
        height,
        colour);
  }

  private static void line(
      final StringBuilder out, final int from, final int to, final int height) {
    format(
        out,
        "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"#222\" stroke-width=\"2\"/>%n",
        from,
        to,
        HEIGHT - height,
        HEIGHT - height);
  }

  private static String escape(final String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }

  private static void format(
      final StringBuilder out, final String pattern, final Object... arguments) {
    out.append(String.format(Locale.ROOT, pattern, arguments));
  }
}
