package io.farpage.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.guest.QemuInstallation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a measurement has found: figures of its rounds, and goals. Printed as tables for people, or
 * as one JSON object and nothing else.
 */
final class Findings {
  private final boolean json;
  private final PrintStream out;
  private final Map<String, String> circumstances = new LinkedHashMap<>();
  private final Rounds rounds = new Rounds();
  private final List<Goal> goals = new ArrayList<>();
  private Path file;

  Findings(final boolean json, final PrintStream out) {
    this.json = json;
    this.out = out;
  }

  /** Has the JSON object written to a file too; null: nowhere. */
  Findings alsoTo(final Path jsonFile) {
    file = jsonFile;
    return this;
  }

  /** Notes what a reader must know of the machine; the measurement may add to it. */
  Findings on(final QemuInstallation installation) throws IOException {
    return note("qemu", "QEMU " + installation.version()).onThisMachine();
  }

  /** Notes the same of a measurement without a QEMU. */
  Findings onThisMachine() throws IOException {
    note("kernel", "Linux " + Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
    return note("cpus", Runtime.getRuntime().availableProcessors() + " CPUs");
  }

  /** Notes something that the figures depend on. */
  Findings note(final String name, final String value) {
    circumstances.put(name, value);
    return this;
  }

  Rounds rounds() {
    return rounds;
  }

  /** Tells people how it goes. */
  void say(final String format, final Object... arguments) {
    if (!json) {
      out.printf(Locale.ROOT, format + "%n", arguments);
    }
  }

  void add(final Goal goal) {
    goals.add(goal);
  }

  List<Goal> goals() {
    return goals;
  }

  /** Returns the median of a figure, or {@code -} when no round has it. */
  String median(final String name, final String format) {
    return rounds.all().containsKey(name)
        ? String.format(Locale.ROOT, format, rounds.median(name))
        : "-";
  }

  /** Prints everything. */
  void print(final List<Table> tables) throws IOException {
    print(tables, toJson());
  }

  /** The same, with another JSON object. */
  void print(final List<Table> tables, final ObjectNode object) throws IOException {
    if (json) {
      out.println(new ObjectMapper().writeValueAsString(object));
      return;
    }
    if (file != null) {
      Files.writeString(file, new ObjectMapper().writeValueAsString(object) + "\n");
    }
    out.println();
    out.println(circumstances());
    for (final Table table : tables) {
      out.println();
      table.lines().forEach(out::println);
    }
    if (!goals.isEmpty()) {
      out.println();
      table(goals).lines().forEach(out::println);
    }
  }

  /** Returns goals as a table. */
  static Table table(final List<Goal> goals) {
    final Table table = new Table("goal", "figure", "wanted", "met");
    goals.forEach(
        goal -> table.row(goal.text(), goal.shown(), goal.bound(), goal.met() ? "yes" : "no"));
    return table;
  }

  /** Returns what the figures depend on, in one line. */
  String circumstances() {
    return String.join(", ", circumstances.values());
  }

  ObjectNode toJson() {
    final ObjectMapper mapper = new ObjectMapper();
    final ObjectNode root = head();
    final ObjectNode medians = root.putObject("medians");
    rounds.all().keySet().forEach(name -> medians.put(name, rounds.median(name)));
    root.set("rounds", mapper.valueToTree(rounds.all()));
    addGoals(root);
    return root;
  }

  /** Returns a new object with what the figures depend on. */
  ObjectNode head() {
    final ObjectNode root = new ObjectMapper().createObjectNode();
    circumstances.forEach(root::put);
    return root;
  }

  /** Adds the goals to such an object. */
  void addGoals(final ObjectNode root) {
    final ArrayNode list = root.putArray("goals");
    for (final Goal goal : goals) {
      list.addObject()
          .put("goal", goal.text())
          .put("figure", goal.figure())
          .put("wanted", goal.bound())
          .put("met", goal.met());
    }
  }
}
