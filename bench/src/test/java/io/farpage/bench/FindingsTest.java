package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class FindingsTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Test
  void jsonIsOneObjectAndNothingElse() throws IOException {
    final Findings findings = measured(true);
    findings.print(List.of(new Table("what", "one")));
    final JsonNode json = new ObjectMapper().readTree(printed());
    assertEquals(1, printed().lines().count());
    assertEquals("tcg", json.path("accel").asText());
    assertEquals(2, json.path("medians").path("downtime ms").asDouble());
    assertEquals(3, json.path("rounds").path("downtime ms").size());
    assertEquals("at most 2", json.path("goals").path(0).path("wanted").asText());
    assertTrue(json.path("goals").path(0).path("met").asBoolean());
  }

  @Test
  void peopleGetTablesAndGoals() throws IOException {
    final Findings findings = measured(false);
    findings.print(List.of(new Table("what", "one")));
    assertEquals(
        List.of(
            "round 1",
            "",
            "tcg",
            "",
            "what  one",
            "",
            "goal       figure     wanted  met",
            "downtimes    1.50  at most 2  yes"),
        printed().lines().toList());
  }

  @Test
  void aFigureThatNoRoundHasIsADash() {
    assertEquals("-", measured(false).median("no such", "%.0f"));
    assertEquals("2.0", measured(false).median("downtime ms", "%.1f"));
  }

  private Findings measured(final boolean json) {
    bytes.reset();
    final Findings findings =
        new Findings(json, new PrintStream(bytes, true, StandardCharsets.UTF_8))
            .note("accel", "tcg");
    findings.say("round %d", 1);
    for (final double ms : new double[] {2, 1, 3}) {
      findings.rounds().add("downtime ms", ms);
    }
    findings.add(Goal.atMost("downtimes", 1.5, 2));
    return findings;
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
