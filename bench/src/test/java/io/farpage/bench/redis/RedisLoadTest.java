package io.farpage.bench.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.guest.RedisGuest;
import io.farpage.test.Needs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real server. */
@Timeout(120)
class RedisLoadTest {
  private static final RedisData DATA = new RedisData(1000, 500);
  private static final long START_NS = 20_000_000_000L;

  private Process process;
  private InetSocketAddress address;

  /** The one on the search path, or the one of the guest. */
  private static ProcessBuilder server(final List<String> arguments) {
    final List<String> command = new ArrayList<>(arguments);
    final Path ofGuest = RedisGuest.directory().resolve("redis-server");
    final boolean installed =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "redis-server")));
    if (!installed && !Files.isExecutable(ofGuest)) {
      Needs.missing(
          "redis-server: install it, or run pager-daemon/src/main/guest/build-redis-guest");
    }
    command.add(0, installed ? "redis-server" : ofGuest.toString());
    final ProcessBuilder builder = new ProcessBuilder(command);
    if (!installed) {
      builder
          .environment()
          .putAll(Map.of("LD_LIBRARY_PATH", ofGuest.resolveSibling("lib").toString()));
    }
    return builder;
  }

  @BeforeEach
  void start() throws IOException {
    final int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    process =
        server(
                List.of(
                    "--port",
                    Integer.toString(port),
                    "--bind",
                    address.getAddress().getHostAddress(),
                    "--save",
                    "",
                    "--enable-debug-command",
                    "yes"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    final long deadline = System.nanoTime() + START_NS;
    while (true) {
      try (RespConnection connection = connect()) {
        DATA.populate(connection);
        return;
      } catch (final IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
        LockSupport.parkNanos(20_000_000);
      }
    }
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (process != null) {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  private RespConnection connect() throws IOException {
    return RespConnection.connect(address, 5000);
  }

  private static void awaitAnswers(final RedisLoad load, final long more) throws IOException {
    final long wanted = load.answered() + more;
    while (load.answered() < wanted) {
      load.requireNoFailure();
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void theLoadLeavesTheDataAsTheyAre() throws IOException {
    try (RespConnection connection = connect()) {
      final String digest = RedisData.digest(connection);
      try (RedisLoad load = new RedisLoad(DATA, address, 3, 5000)) {
        awaitAnswers(load, 5000);
        assertEquals(digest, RedisData.digest(connection));
        load.requireNoFailure();
      }
      assertTrue(connection.text("INFO", "commandstats").contains("cmdstat_set:"));
      connection.command("SET", "key:7", "value:8");
      assertNotEquals(digest, RedisData.digest(connection));
    }
  }

  @Test
  void latenciesAreThoseSinceTheLastLook() throws IOException {
    final RedisLoad load = new RedisLoad(DATA, address, 2, 5000);
    final Histogram first;
    try (load) {
      awaitAnswers(load, 1000);
      first = load.takeLatencies();
      assertTrue(first.getMaxValue() > first.getMinValue());
      awaitAnswers(load, 10);
    }
    final long later = load.takeLatencies().getTotalCount();
    assertTrue(later > 0);
    assertEquals(load.answered(), first.getTotalCount() + later);
    assertEquals(0, load.takeLatencies().getTotalCount());
  }

  @Test
  void aWrongValueIsFound() throws IOException {
    final RedisData few = new RedisData(3, 500);
    try (RespConnection connection = connect();
        RedisLoad load = new RedisLoad(few, address, 1, 5000)) {
      awaitAnswers(load, 10);
      final IOException found =
          assertThrows(
              IOException.class,
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  connection.command("SET", "key:1", "value:2");
                  awaitAnswers(load, 1);
                }
              });
      assertTrue(found.getMessage().contains("key:1 does not have its value"), found::getMessage);
    }
  }

  @Test
  void aServerThatGoesAwayIsNoticed() throws IOException {
    try (RedisLoad load = new RedisLoad(DATA, address, 1, 5000)) {
      awaitAnswers(load, 10);
      process.destroyForcibly();
      assertThrows(IOException.class, () -> awaitAnswers(load, Long.MAX_VALUE / 2));
    }
  }
}
