package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.LocalMigration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What tests of migrations over RDMA share. */
final class RdmaLab {
  static final String RDMA = "--transport=rdma";
  static final Duration PATIENCE = Duration.ofMinutes(3);
  static final String ADDRESS = System.getenv("FARPAGE_LAB_ADDRESS");

  private RdmaLab() {}

  /** Daemons that meet at the address of the RDMA device. */
  static MigrationLab open() throws IOException {
    return MigrationLab.open().on(ADDRESS);
  }

  /** Everything, but for a few pages that came while it was registered, is read by READs. */
  static void requireOneSided(final JsonNode report) {
    final JsonNode figures = report.path("farpage");
    assertEquals("rdma", figures.path("transport").asText(), report::toString);
    final long oneSided = figures.path("one-sided-bytes").asLong();
    final JsonNode ram = report.path("ram");
    final long all = ram.path("precopy-bytes").asLong() + ram.path("postcopy-bytes").asLong();
    assertTrue(oneSided > 0 && oneSided >= all * 0.9, report::toString);
  }

  /** Waits until the source's process is not needed any more; returns the bytes registered. */
  static long awaitRegistered(final LocalMigration migration) {
    return migration
        .destination()
        .awaitEvent("MEMORY_REGISTERED", data -> true, PATIENCE)
        .path("bytes")
        .asLong();
  }

  /** The state of a process, as proc(5) has it: T when it was stopped by a signal. */
  static char stateOf(final long pid) throws IOException {
    final String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    return stat.charAt(stat.lastIndexOf(')') + 2);
  }

  static void signal(final long pid, final String name) throws Exception {
    assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor());
  }
}
