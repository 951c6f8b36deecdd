package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class PoliciesCommandTest {
  @TempDir private Path directory;

  @Test
  void everyTraceAndPolicyIsARowAndAnEntry() throws IOException {
    final Path json = directory.resolve("figures.json");
    final String printed = run("--policy=auto,sweep", "--json=" + json);
    final JsonNode figures = new ObjectMapper().readTree(Files.readString(json));
    assertEquals(2 * RecordedGuests.all().size(), figures.size());
    for (final JsonNode each : figures) {
      assertTrue(printed.contains(each.path("trace").asText() + ": "), printed);
      assertTrue(each.path("working-set-pages").asLong() > 0, each::toString);
    }
    assertTrue(printed.contains("demand %"), printed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--policy=best",
        "--bandwidth=0",
        "--round-trip=-1",
        "--service=-1",
        "--max-chunk=1K",
        "--in-flight=0"
      })
  void badUsageNamesTheOption(final String option) {
    final StringWriter errors = new StringWriter();
    final int exit =
        new CommandLine(new PoliciesCommand()).setErr(new PrintWriter(errors)).execute(option);
    assertEquals(2, exit);
    assertTrue(errors.toString().contains(option.split("=")[0]), errors.toString());
  }

  private static String run(final String... options) {
    final PrintStream out = System.out;
    final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      assertEquals(0, new CommandLine(new PoliciesCommand()).execute(options));
    } finally {
      System.setOut(out);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }
}
