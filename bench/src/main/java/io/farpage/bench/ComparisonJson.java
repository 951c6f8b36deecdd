package io.farpage.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.bench.ComparedGuest.Seen;
import java.util.List;

/**
 * A comparison as one JSON object.
 *
 * <p>Beside what {@link Findings} notes of the machine: {@code fields}, what each figure is; {@code
 * modes}, by mode the {@code median} and the {@code rounds} of each figure, {@code timelines} with
 * one list for each round of pairs [milliseconds since RESUME, work a second], and {@code touches}
 * of all rounds together as pairs [microseconds, count]; {@code goals}; {@code notes}.
 */
final class ComparisonJson {
  private static final long INTERVAL_MICROS = 10_000;

  private final Comparison comparison;
  private final double thresholdMicros;

  ComparisonJson(final Comparison comparison, final double thresholdMicros) {
    this.comparison = comparison;
    this.thresholdMicros = thresholdMicros;
  }

  ObjectNode toJson(final Findings findings) {
    final ObjectNode root = findings.head();
    root.put("fault-threshold-us", thresholdMicros);
    final ObjectNode fields = root.putObject("fields");
    for (final Figure figure : Figure.values()) {
      fields.put(figure.label(), figure.meaning());
    }
    final ObjectNode modes = root.putObject("modes");
    for (final CompareMode mode : comparison.modes()) {
      final ObjectNode node = modes.putObject(mode.label());
      comparison
          .rounds(mode)
          .all()
          .forEach((name, figures) -> addFigure(node.putObject(name), figures));
      final ArrayNode timelines = node.putArray("timelines");
      for (final Seen seen : comparison.seen(mode)) {
        final ArrayNode timeline = timelines.addArray();
        seen.progress()
            .rates(INTERVAL_MICROS)
            .forEach(point -> pair(timeline, point.ms(), point.perSecond()));
      }
      final ArrayNode touches = node.putArray("touches");
      comparison.touches(mode).forEach(bar -> pair(touches, bar.micros(), bar.count()));
    }
    findings.addGoals(root);
    final ArrayNode notes = root.putArray("notes");
    comparison.notes().forEach(notes::add);
    return root;
  }

  private static void addFigure(final ObjectNode node, final List<Double> figures) {
    node.put("median", Median.of(figures));
    final ArrayNode rounds = node.putArray("rounds");
    figures.forEach(rounds::add);
  }

  /** Three decimals are more than was measured. */
  private static void pair(final ArrayNode list, final double left, final double right) {
    list.addArray().add(Math.round(left * 1e3) / 1e3).add(Math.round(right * 1e3) / 1e3);
  }
}
