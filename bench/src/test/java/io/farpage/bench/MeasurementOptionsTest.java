package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MeasurementOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "hybrid, --rounds=0, --rounds must be at least 1",
    "hybrid, --delay=-1, --delay must be at least 0",
    "hybrid, --pattern=idle, --pattern: an idle guest does not write",
    "hybrid, --pattern=x, --pattern: there is no x",
    "hybrid, --memory=x, is no number of bytes",
    "hybrid, --accel=x, --accel: there is no x",
    "hybrid, --qemu=x, '--qemu must be auto, system or a version, not x'",
    "convergence, --rate=1G, '1G' is no rate",
    "convergence, --slower=5, --slower and --faster must be in that order",
    "convergence, --slower=0, --slower and --faster must be in that order",
    "convergence, --patience=0, --patience must be at least 1",
    "downtime, --mode=precopy, '--mode must be postcopy or hybrid, not precopy'",
    "downtime, --pattern=x, --pattern: there is no x",
    "tracking, --tracker=x, '--tracker must be wp-async, soft-dirty or all, not x'",
    "tracking, --interval=0, --interval must be at least 1 ms",
    "tracking, --seconds=0, --seconds must be at least 1",
    "tracking, --pattern=idle, --pattern: idle guests do not write",
    "bandwidth, --caps=0, --caps must be at least 1",
    "bandwidth, --transport=x, '--transport must be tcp or rdma, not x'",
  })
  void aBadOptionIsNamed(final String command, final String option, final String complaint) {
    final StringWriter errors = new StringWriter();
    final CommandLine commandLine = new CommandLine(command(command));
    commandLine.setErr(new PrintWriter(errors, true));
    assertEquals(2, commandLine.execute(option));
    assertTrue(
        errors.toString().lines().findFirst().orElse("").contains(complaint), errors::toString);
  }

  private static Callable<Integer> command(final String name) {
    return switch (name) {
      case "hybrid" -> new HybridCommand();
      case "convergence" -> new ConvergenceCommand();
      case "downtime" -> new DowntimeCommand();
      case "tracking" -> new TrackingCommand();
      case "bandwidth" -> new BandwidthCommand();
      default -> throw new IllegalArgumentException(name);
    };
  }
}
