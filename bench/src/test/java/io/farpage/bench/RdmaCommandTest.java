package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.farpage.transport.rdma.RdmaDevices;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class RdmaCommandTest {
  private final StringWriter errors = new StringWriter();

  @ParameterizedTest
  @CsvSource({
    "--rounds=0, --rounds must be at least 1",
    "--rounds=many, '--rounds'",
    "--completions=often, '--completions must be auto, events or polling'",
    "--address=localhost, --address must be an IPv4 address",
    "--address=::1, --address must be an IPv4 address",
    "--address=1.2.3.400, --address must be an IPv4 address",
    "--sizes=4K, --sizes",
  })
  void aBadOptionIsNamed(final String option, final String complaint) {
    assertEquals(2, run(option));
    assertTrue(
        errors.toString().lines().findFirst().orElse("").contains(complaint), errors::toString);
  }

  @Test
  void withoutADeviceThereIsOneLine() {
    assumeTrue(RdmaDevices.list().isEmpty());
    assertEquals(1, run());
    assertTrue(errors.toString().contains("no RDMA device"), errors::toString);
    assertEquals(1, run("--address", "127.0.0.1"));
    assertTrue(
        errors.toString().contains("no RDMA device has the address 127.0.0.1"), errors::toString);
    assertEquals(2, errors.toString().lines().count());
  }

  @Test
  void aProgramThatIsNotInstalledIsNamedWithItsPackage() {
    final IOException e =
        assertThrows(IOException.class, () -> Perftest.requireInstalled("sh", "ib_read_nothing"));
    assertEquals("ib_read_nothing is not installed (Debian package: perftest)", e.getMessage());
  }

  private int run(final String... options) {
    final CommandLine commandLine = new CommandLine(new RdmaCommand());
    commandLine.setErr(new PrintWriter(errors, true));
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> {
          command.getErr().println(exception.getMessage());
          return 1;
        });
    return commandLine.execute(options);
  }
}
