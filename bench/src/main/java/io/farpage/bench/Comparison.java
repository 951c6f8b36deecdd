package io.farpage.bench;

import io.farpage.bench.ComparedGuest.Seen;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What a comparison has found so far: by mode, the figures of each round and what was seen. */
final class Comparison {
  private static final double LATENCY_RATIO = 10;
  private static final double TOTAL_RATIO = 0.7;
  private static final double WORK_RATIO = 3;

  private final Map<CompareMode, Rounds> figures = new EnumMap<>(CompareMode.class);
  private final Map<CompareMode, List<Seen>> seen = new EnumMap<>(CompareMode.class);
  private final List<String> notes = new ArrayList<>();

  Rounds rounds(final CompareMode mode) {
    return figures.computeIfAbsent(mode, key -> new Rounds());
  }

  void add(final CompareMode mode, final Seen what) {
    seen.computeIfAbsent(mode, key -> new ArrayList<>()).add(what);
  }

  /** Adds what a reader must know. */
  void note(final String note) {
    notes.add(note);
  }

  List<String> notes() {
    return notes;
  }

  /** Returns the modes that have moved the guest at least once. */
  Set<CompareMode> modes() {
    return figures.keySet();
  }

  /** Returns what was seen in each round of a mode. */
  List<Seen> seen(final CompareMode mode) {
    return seen.getOrDefault(mode, List.of());
  }

  /** Returns the touches of all rounds of a mode, the fastest first. */
  List<Waits.Bar> touches(final CompareMode mode) {
    return seen(mode).stream()
        .map(Seen::waits)
        .filter(Objects::nonNull)
        .reduce(Waits::plus)
        .map(Waits::bars)
        .orElse(List.of());
  }

  /** Returns the median of a figure over the rounds; NaN when no round has it. */
  double median(final CompareMode mode, final Figure figure) {
    final Rounds rounds = figures.get(mode);
    return rounds != null && rounds.all().containsKey(figure.label())
        ? rounds.median(figure.label())
        : Double.NaN;
  }

  /** Returns the figures that at least one round has, as a table. */
  Table table() {
    final Table table =
        new Table("", figures.keySet().stream().map(CompareMode::label).toArray(String[]::new));
    for (final Figure figure : Figure.values()) {
      if (figures.keySet().stream().anyMatch(mode -> !Double.isNaN(median(mode, figure)))) {
        table.row(
            figure.text(),
            figures.keySet().stream()
                .map(mode -> shown(figure, median(mode, figure)))
                .toArray(String[]::new));
      }
    }
    return table;
  }

  private static String shown(final Figure figure, final double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, figure.format(), value);
  }

  /** Returns the goals that the modes which were measured allow to judge. */
  List<Goal> goals() {
    final List<Goal> goals = new ArrayList<>();
    final Set<CompareMode> measured = modes();
    if (!measured.contains(CompareMode.FARPAGE_POSTCOPY)) {
      return goals;
    }
    final CompareMode ours = CompareMode.FARPAGE_POSTCOPY;
    final List<CompareMode> theirs =
        List.of(CompareMode.QEMU_POSTCOPY, CompareMode.QEMU_PREEMPT).stream()
            .filter(measured::contains)
            .toList();
    if (measured.contains(CompareMode.QEMU_PREEMPT)) {
      for (final Figure figure : List.of(Figure.FAULT_P50, Figure.FAULT_P99)) {
        atLeast(
            goals,
            figure.label() + ": qemu-preempt / farpage-postcopy",
            median(CompareMode.QEMU_PREEMPT, figure) / median(ours, figure),
            LATENCY_RATIO);
      }
    }
    if (!theirs.isEmpty()) {
      for (final Figure figure : List.of(Figure.TOTAL, Figure.POSTCOPY)) {
        final double fastest =
            theirs.stream().mapToDouble(mode -> median(mode, figure)).min().orElseThrow();
        goals.add(
            Goal.atMost(
                figure.label() + ": farpage-postcopy / QEMU's fastest post-copy",
                median(ours, figure) / fastest,
                TOTAL_RATIO));
      }
      final double most =
          theirs.stream()
              .mapToDouble(mode -> median(mode, Figure.FIRST_SECOND))
              .max()
              .orElseThrow();
      atLeast(
          goals,
          "first-second: farpage-postcopy / QEMU's best post-copy",
          median(ours, Figure.FIRST_SECOND) / most,
          WORK_RATIO);
    }
    return goals;
  }

  /** A guest that does nothing has no such figure, and then there is no such goal. */
  private static void atLeast(
      final List<Goal> goals, final String text, final double figure, final double bound) {
    if (!Double.isNaN(figure)) {
      goals.add(Goal.atLeast(text, figure, bound));
    }
  }
}
