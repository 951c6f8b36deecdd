package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class RecordCommandTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"--seconds=0", "--count=0", "--modes=precopy", "--memory=much"})
  void badUsageNamesTheOption(final String option) {
    final StringWriter errors = new StringWriter();
    final int exit =
        new CommandLine(new RecordCommand())
            .setErr(new PrintWriter(errors))
            .execute("--output=" + directory, option);
    assertEquals(2, exit);
    assertTrue(errors.toString().contains(option.split("=")[0]), errors.toString());
  }
}
