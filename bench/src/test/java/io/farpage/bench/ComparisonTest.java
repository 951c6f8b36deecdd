package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.bench.ComparedGuest.Seen;
import io.farpage.bench.Progress.Sample;
import io.farpage.guest.TouchHistogram;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
  @TempDir Path directory;

  private final Comparison comparison = new Comparison();

  private void add(
      final CompareMode mode,
      final double total,
      final double p50,
      final double p99,
      final double first) {
    final Rounds rounds = comparison.rounds(mode);
    rounds.add(Figure.TOTAL.label(), total);
    rounds.add(Figure.POSTCOPY.label(), total);
    rounds.add(Figure.FAULT_P50.label(), p50);
    rounds.add(Figure.FAULT_P99.label(), p99);
    rounds.add(Figure.FIRST_SECOND.label(), first);
    comparison.add(
        mode,
        new Seen(
            Progress.of(0, List.of(new Sample(-20_000, 0), new Sample(30_000, 7))),
            new Waits(TouchHistogram.EMPTY, new TouchClock(1000), 5)));
  }

  @Test
  void goalsAreMetOnlyWhereEachOfThemIs() {
    add(CompareMode.QEMU_POSTCOPY, 900, 5000, 90_000, 50);
    add(CompareMode.QEMU_PREEMPT, 1000, 300, 9000, 100);
    add(CompareMode.FARPAGE_POSTCOPY, 600, 30, 1000, 400);
    final List<Goal> goals = comparison.goals();
    assertEquals(List.of(10.0, 9.0), goals.stream().limit(2).map(Goal::figure).toList());
    assertTrue(goals.get(0).met());
    assertFalse(goals.get(1).met());
    assertEquals(600.0 / 900, goals.get(2).figure(), 1e-9);
    assertTrue(goals.get(2).met());
    assertEquals(4, goals.get(goals.size() - 1).figure(), 1e-9);
  }

  @Test
  void whatWasNotMeasuredIsNoGoal() {
    add(CompareMode.QEMU_PREEMPT, 1000, 300, 9000, 100);
    assertEquals(List.of(), comparison.goals());
    assertEquals(Double.NaN, comparison.median(CompareMode.FARPAGE_HYBRID, Figure.TOTAL));
  }

  @Test
  void jsonHasEachRoundAndSaysWhatTheFieldsAre() {
    add(CompareMode.QEMU_PREEMPT, 1000, 300, 9000, 100);
    add(CompareMode.QEMU_PREEMPT, 3000, 300, 9000, 100);
    comparison.note("a note");
    final Findings findings = new Findings(true, new PrintStream(new ByteArrayOutputStream()));
    final JsonNode json = new ComparisonJson(comparison, 5).toJson(findings.note("qemu", "QEMU 0"));
    assertEquals("QEMU 0", json.path("qemu").asText());
    final JsonNode mode = json.path("modes").path("qemu-preempt");
    assertEquals(2000, mode.path("total-ms").path("median").asDouble());
    assertEquals(3000, mode.path("total-ms").path("rounds").path(1).asDouble());
    assertEquals(30, mode.path("timelines").path(0).path(0).path(0).asDouble());
    assertEquals(140, mode.path("timelines").path(0).path(0).path(1).asDouble());
    assertEquals("a note", json.path("notes").path(0).asText());
    mode.fieldNames()
        .forEachRemaining(
            name ->
                assertTrue(
                    List.of("timelines", "touches").contains(name) || json.path("fields").has(name),
                    name));
  }

  @Test
  void thePageLoadsNothing() throws IOException {
    add(CompareMode.QEMU_PREEMPT, 1000, 300, 9000, 100);
    final Path file = directory.resolve("page.html");
    new ComparisonPage(comparison, 5)
        .write(file, "QEMU < 99", "page writes", List.of(Goal.atMost("goal", 1, 2)));
    final String page = Files.readString(file);
    assertTrue(page.contains("QEMU &lt; 99"));
    assertTrue(
        page.contains("<img alt=\"page writes over time\" src=\"data:image/png;base64,iVBOR"));
    assertTrue(page.contains("<td>total, ms</td><td>1000</td>"));
    assertFalse(page.contains("http"));
    assertFalse(page.replace("src=\"data:", "").contains("src="));
  }
}
