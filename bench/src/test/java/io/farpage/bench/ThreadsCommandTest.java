package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Pointer;
import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

@Timeout(60)
class ThreadsCommandTest {
  private static final int PAGES = 2048;

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "--rounds=0, --rounds must be at least 1",
    "'--threads=1,0', --threads must be 1 to 256",
    "--threads=257, --threads must be 1 to 256",
    "--agents=0, --agents must be 1 to 16",
    "--agents=17, --agents must be 1 to 16",
    "--pages=255, --pages must be 256 to 4194304",
    "--threads=many, '--threads'",
  })
  void aBadOptionIsNamed(final String option, final String complaint) {
    final StringWriter errors = new StringWriter();
    final CommandLine commandLine = new CommandLine(new ThreadsCommand());
    commandLine.setErr(new PrintWriter(errors, true));
    assertEquals(2, commandLine.execute(option));
    assertTrue(
        errors.toString().lines().findFirst().orElse("").contains(complaint), errors::toString);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 1", "1, 2", "5, 3"})
  void everyPageIsAFaultThatIsAnsweredWhoeverTouchesIt(final int threads, final int agents)
      throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")));
    try (ThreadsMeasurements measurements = new ThreadsMeasurements(PAGES)) {
      for (int round = 0; round < 2; round++) {
        final ThreadsMeasurements.Figures figures = measurements.measure(threads, agents);
        assertTrue(figures.faultsPerSecond() > 0, figures::toString);
        assertTrue(figures.p99Us() >= figures.p50Us() && figures.p50Us() > 0, figures::toString);
      }
    }
  }

  @Test
  void aPageThatDoesNotHoldWhatItShouldIsNoticed() throws IOException {
    final Path program = Toucher.compile(directory);
    try (RamFile file = RamFile.adopt(MemFd.create("scratch", 256 * 4096L), true)) {
      final Path path = Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + file.fd());
      for (long page = 0; page < 256; page++) {
        new Pointer(file.map()).setLong(page * 4096, page + 1);
      }
      try (Toucher toucher = new Toucher(program, path, 256, 2)) {
        assertEquals(256, toucher.run().latencyNs().getTotalCount());
      }
      new Pointer(file.map()).setLong(77 * 4096, 1);
      try (Toucher toucher = new Toucher(program, path, 256, 2)) {
        final IOException e = assertThrows(IOException.class, toucher::run);
        assertEquals("1 pages did not hold what the source has", e.getMessage());
      }
    }
  }

  @Test
  void aProgramThatEndsEarlyIsNotWaitedFor() throws IOException {
    final Path program = Toucher.compile(directory);
    final IOException e =
        assertThrows(
            IOException.class, () -> new Toucher(program, Path.of("/proc/nowhere"), 256, 1));
    assertTrue(e.getMessage().contains("ended early"), e.getMessage());
  }

  @Test
  void moreProcessorsAreMeasuredWithMoreThreadsAndAgents() {
    assertEquals(List.of(1, 2, 4, 8), ThreadsCommand.usualThreads(2));
    assertEquals(64, ThreadsCommand.usualThreads(16).get(6));
    assertEquals(List.of(1, 2), ThreadsCommand.usualAgents(2));
    assertEquals(List.of(1, 2, 4), ThreadsCommand.usualAgents(16));
    assertEquals(List.of(1, 2, 4, 8), ThreadsCommand.usualAgents(64));
  }
}
