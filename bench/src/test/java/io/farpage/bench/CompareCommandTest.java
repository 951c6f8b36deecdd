package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.guest.RedisGuest;
import io.farpage.test.Needs;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CompareCommandTest {
  @TempDir Path directory;

  private final StringWriter errors = new StringWriter();

  private int run(final String... arguments) {
    return new CommandLine(new CompareCommand()).setErr(new PrintWriter(errors)).execute(arguments);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--modes=warp; there is no warp",
        "--guest=lion; there is no lion",
        "--qemu=new; must be auto, system or a version",
        "--rounds=0; at least 1",
        "--modes=qemu-rdma --rate=1Gbit; a limited link has no RDMA"
      })
  void badUsageIsToldInOneLine(final String arguments, final String complaint) {
    assertEquals(2, run(arguments.split(" ")));
    assertTrue(
        errors.toString().lines().findFirst().orElse("").contains(complaint), errors::toString);
  }

  @Test
  @Timeout(600)
  void movesARealServerWithItsConnections() throws IOException {
    Needs.root();
    Needs.qemu();
    if (RedisGuest.find().isEmpty()) {
      Needs.missing("the Redis guest: run pager-daemon/src/main/guest/build-redis-guest");
    }
    final Path json = directory.resolve("result.json");
    assertEquals(
        0,
        run(
            "--guest=linux",
            "--memory=256M",
            "--rounds=1",
            "--modes=qemu-preempt,farpage-hybrid",
            "--json=" + json));
    final JsonNode result = new ObjectMapper().readTree(json.toFile());
    for (final String mode : new String[] {"qemu-preempt", "farpage-hybrid"}) {
      final JsonNode figures = result.path("modes").path(mode);
      assertTrue(figures.path("first-second").path("median").asDouble() > 0, mode);
      assertTrue(
          figures.path("request-max-us").path("median").asDouble()
              >= figures.path("request-p50-us").path("median").asDouble(),
          mode);
    }
  }

  @Test
  @Timeout(300)
  void movesARealGuestInTwoWays() throws IOException {
    Needs.root();
    Needs.qemu();
    final Path json = directory.resolve("result.json");
    assertEquals(
        0,
        run(
            "--memory=64M",
            "--rounds=1",
            "--modes=qemu-preempt,farpage-postcopy",
            "--json",
            json.toString(),
            "--html",
            directory.resolve("result.html").toString()));
    final JsonNode result = new ObjectMapper().readTree(json.toFile());
    for (final String mode : new String[] {"qemu-preempt", "farpage-postcopy"}) {
      final JsonNode figures = result.path("modes").path(mode);
      assertTrue(figures.path("downtime-ms").path("median").asDouble() > 0, mode);
      assertTrue(figures.path("faults").path("median").asDouble() > 0, mode);
      assertTrue(
          figures.path("fault-p50-us").path("median").asDouble()
              >= result.path("fault-threshold-us").asDouble(),
          mode);
      assertTrue(figures.path("sent-mb").path("median").asDouble() > 60, mode);
      assertTrue(figures.path("first-second").path("median").asDouble() > 0, mode);
      assertTrue(figures.path("timelines").path(0).size() > 10, mode);
    }
    assertEquals(5, result.path("goals").size());
  }
}
