package io.farpage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which command is meant, when only that one is looked at. */
class MainTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;

  @BeforeEach
  void listen() {
    final PrintStream both = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    System.setOut(both);
    System.setErr(both);
  }

  @AfterEach
  void listenNoMore() {
    System.setOut(out);
    System.setErr(err);
  }

  @Test
  void helpListsAllCommands() {
    assertEquals(0, Main.run("--help"));
    for (final String command : List.of("doctor", "source", "dest", "ctl", "demo")) {
      assertTrue(said().contains("\n  " + command + " "), said());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"doctor", "source", "dest", "ctl", "demo"})
  void eachCommandHasItsOwnHelp(final String command) {
    assertEquals(0, Main.run(command, "--help"));
    assertTrue(said().startsWith("Usage: farpage " + command + " "), said());
  }

  @Test
  void anUnknownCommandIsBadUsage() {
    assertEquals(2, Main.run("dset"));
    assertTrue(said().contains("dset"), said());
    assertTrue(said().endsWith("see `farpage --help`" + System.lineSeparator()), said());
  }

  @Test
  void aCommandThatLacksAnOptionIsBadUsage() {
    assertEquals(2, Main.run("dest", "--qmp=/none"));
    assertTrue(said().contains("--source"), said());
    assertTrue(said().endsWith("see `farpage dest --help`" + System.lineSeparator()), said());
  }

  private String said() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
