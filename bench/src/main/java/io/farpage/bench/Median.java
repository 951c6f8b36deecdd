package io.farpage.bench;

import java.util.List;

/** The middle of some figures. */
final class Median {
  private Median() {}

  static double of(final List<Double> figures) {
    final List<Double> sorted = figures.stream().sorted().toList();
    final int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
