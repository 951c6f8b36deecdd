package io.farpage.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures by name, one for each round. */
final class Rounds {
  private final Map<String, List<Double>> figures = new LinkedHashMap<>();

  void add(final String name, final double figure) {
    figures.computeIfAbsent(name, key -> new ArrayList<>()).add(figure);
  }

  /** Adds all figures of another. */
  void addAll(final Rounds others) {
    others.figures.forEach((name, values) -> values.forEach(value -> add(name, value)));
  }

  /** Returns all figures, in the order in which their names came first. */
  Map<String, List<Double>> all() {
    return figures;
  }

  /**
   * Returns the last figure of a name.
   *
   * @throws IllegalArgumentException when there is none
   */
  double last(final String name) {
    final List<Double> rounds = named(name);
    return rounds.get(rounds.size() - 1);
  }

  /**
   * Returns the median over the rounds.
   *
   * @throws IllegalArgumentException when there is no figure of that name
   */
  double median(final String name) {
    return Median.of(named(name));
  }

  private List<Double> named(final String name) {
    final List<Double> rounds = figures.get(name);
    if (rounds == null) {
      throw new IllegalArgumentException("no figure " + name);
    }
    return rounds;
  }
}
