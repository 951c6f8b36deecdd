package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class DaemonOptionsTest {
  @Test
  void eachDaemonGetsItsOwnInTheirOrder() {
    final DaemonOptions options =
        parse("--source-option=--keep-source", "--dest-option=--x=1,2", "--dest-option=--y");
    assertArrayEquals(new String[] {"--keep-source"}, options.source());
    assertArrayEquals(new String[] {"--x=1,2", "--y"}, options.destination());
  }

  @Test
  void theModeIsTheDestinations() {
    final DaemonOptions options = parse("--mode=precopy");
    assertArrayEquals(new String[0], options.source());
    assertArrayEquals(new String[] {"--mode=precopy"}, options.destination());
  }

  @Test
  void withoutOptionsThereAreNone() {
    assertArrayEquals(new String[0], parse().source());
    assertArrayEquals(new String[0], parse().destination());
  }

  private static DaemonOptions parse(final String... arguments) {
    return CommandLine.populateCommand(new DaemonOptions(), arguments);
  }
}
