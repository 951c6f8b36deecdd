package io.farpage.bench;

import java.util.ArrayList;
import java.util.List;

/** Figures side by side, for people: what they are at the left, each column as wide as it needs. */
final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  /** Begins a table with what its rows are, and what its columns. */
  Table(final String what, final String... columns) {
    row(what, columns);
  }

  /** Adds a row; one that is too short is filled with nothing. */
  Table row(final String label, final String... cells) {
    final List<String> row = new ArrayList<>();
    row.add(label);
    row.addAll(List.of(cells));
    rows.add(row);
    return this;
  }

  /** Returns the rows, the first of them with the names of the columns. */
  List<List<String>> rows() {
    return List.copyOf(rows);
  }

  /** Returns the lines: labels flush left, figures flush right. */
  List<String> lines() {
    final int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    final int[] widths = new int[columns];
    for (final List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    final List<String> lines = new ArrayList<>();
    for (final List<String> row : rows) {
      final StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        final String padding = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? row.get(i) + padding : GAP + padding + row.get(i));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }
}
