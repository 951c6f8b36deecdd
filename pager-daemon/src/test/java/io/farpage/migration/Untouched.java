package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.linux.ProcessFds;
import java.io.IOException;

/** A source as it is before a migration that must leave it so. */
final class Untouched {
  private final Vm source;
  private final JsonNode capabilities;
  private final JsonNode parameters;

  private Untouched(final Vm source) {
    this.source = source;
    capabilities = source.qmp().execute("query-migrate-capabilities");
    parameters = source.qmp().execute("query-migrate-parameters");
  }

  static Untouched before(final Vm source) {
    return new Untouched(source);
  }

  /** The guest runs there, whole, in a QEMU whose settings are as they were; and goes on. */
  void require() throws IOException {
    MigrationLab.requireStillOn(source);
    source.qmp().execute("cont");
    assertEquals(capabilities, source.qmp().execute("query-migrate-capabilities"));
    assertEquals(parameters, source.qmp().execute("query-migrate-parameters"));
    requireNoUserfaultfd(source);
  }

  static void requireNoUserfaultfd(final Vm vm) throws IOException {
    assertEquals(
        0,
        ProcessFds.read(Math.toIntExact(vm.qemu().pid())).values().stream()
            .filter(fd -> fd.contains("userfaultfd"))
            .count(),
        "userfaultfds in QEMU");
  }
}
