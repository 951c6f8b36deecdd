package io.farpage.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.vmm.RealQemu;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QmpClientTest {
  @Test
  void greetsAndKnowsVersionAndProcess() throws IOException {
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client = qemu.connect()) {
      assertTrue(client.version().isAtLeast(7, 2), client.version().toString());
      assertEquals(qemu.pid(), client.peerPid());
      assertEquals("prelaunch", client.execute("query-status").path("status").asText());
    }
  }

  @Test
  void eachOfManyThreadsGetsTheAnswerToItsOwnCommand() throws IOException {
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client = qemu.connect()) {
      List<CompletableFuture<Boolean>> answers =
          IntStream.range(0, 200)
              .mapToObj(
                  i ->
                      CompletableFuture.supplyAsync(
                          () -> {
                            String property = i % 2 == 0 ? "type" : "mem-path";
                            String wanted =
                                i % 2 == 0 ? "memory-backend-file" : qemu.ramFile().toString();
                            return client
                                .execute(
                                    "qom-get", Map.of("path", "/objects/mem", "property", property))
                                .asText()
                                .equals(wanted);
                          }))
              .toList();
      assertTrue(answers.stream().allMatch(CompletableFuture::join));
    }
  }

  @Test
  void aRefusedCommandCarriesQemusWords() throws IOException {
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client = qemu.connect()) {
      QmpCommandException e =
          assertThrows(QmpCommandException.class, () -> client.execute("no-such-command"));
      assertEquals("CommandNotFound", e.errorClass());
      assertTrue(e.isCommandNotFound());
      assertTrue(e.getMessage().startsWith("QEMU refused 'no-such-command': "), e.getMessage());
      assertEquals(
          "GenericError",
          assertThrows(
                  QmpCommandException.class, () -> client.execute("qom-get", Map.of("path", 1)))
              .errorClass());
      assertFalse(client.isClosed());
    }
  }

  @Test
  void eventsReachListenersAndThoseWhoAwaitThemLater() throws IOException {
    Queue<String> heard = new ConcurrentLinkedQueue<>();
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client =
            QmpClient.connect(qemu.socket(), RealQemu.TIMEOUT, event -> heard.add(event.name()))) {
      client.execute("cont");
      client.execute("stop");
      QmpEvent stop = client.awaitEvent(event -> event.name().equals("STOP"), RealQemu.TIMEOUT);
      QmpEvent resume = client.awaitEvent(event -> event.name().equals("RESUME"), RealQemu.TIMEOUT);
      assertTrue(resume.timestampMicros() <= stop.timestampMicros());
      assertTrue(stop.timestampMicros() / 1000 <= System.currentTimeMillis());
      assertEquals(List.of("RESUME", "STOP"), List.copyOf(heard));
      assertThrows(
          QmpTimeoutException.class,
          () -> client.awaitEvent(event -> event.name().equals("STOP"), Duration.ofMillis(50)),
          "each event is handed out once");
    }
  }

  @Test
  void aListenerThatExecutesACommandFailsInsteadOfHanging() throws Exception {
    CompletableFuture<Throwable> outcome = new CompletableFuture<>();
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client = qemu.connect()) {
      client.addListener(
          event -> {
            try {
              client.execute("query-status");
              outcome.complete(null);
            } catch (IllegalStateException e) {
              outcome.complete(e);
              throw e;
            }
          });
      client.execute("cont");
      assertInstanceOf(IllegalStateException.class, outcome.get(20, TimeUnit.SECONDS));
      assertFalse(client.execute("query-status").isEmpty(), "the session goes on");
    }
  }

  @Test
  void aStoppedQemuTimesOutAndAnswersLaterCommandsAgain() throws Exception {
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client = qemu.connect()) {
      signal("STOP", qemu.pid());
      QmpException e =
          assertThrows(
              QmpTimeoutException.class,
              () -> client.execute("query-status", Map.of(), Duration.ofMillis(100)));
      assertTrue(
          e.getMessage().startsWith("QEMU did not answer 'query-status' within 100 ms"),
          e.getMessage());
      signal("CONT", qemu.pid());
      assertEquals(
          "pc-i440fx",
          client
              .execute("qom-get", Map.of("path", "/machine", "property", "type"))
              .asText()
              .substring(0, 9));
    }
  }

  @Test
  void anInterruptedCallerLeavesTheSessionWhole() throws IOException {
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client = qemu.connect()) {
      Thread.currentThread().interrupt();
      try {
        client.execute("query-status");
      } catch (QmpException e) {
        assertTrue(e.getMessage().startsWith("interrupted while waiting"), e.getMessage());
      }
      assertTrue(Thread.interrupted());
      assertFalse(client.execute("query-status").isEmpty());
    }
  }

  @Test
  void qemusEndFailsWaitersAndIsReported() throws Exception {
    try (RealQemu qemu = RealQemu.withSharedRam();
        QmpClient client = qemu.connect()) {
      signal("STOP", qemu.pid());
      CompletableFuture<Throwable> waiter =
          CompletableFuture.supplyAsync(
              () -> assertThrows(QmpException.class, () -> client.execute("query-status")));
      Thread.sleep(100);
      signal("KILL", qemu.pid());
      ExecutionException ended =
          assertThrows(ExecutionException.class, () -> client.closed().get(20, TimeUnit.SECONDS));
      assertInstanceOf(QmpClosedException.class, ended.getCause());
      assertInstanceOf(QmpClosedException.class, waiter.get(20, TimeUnit.SECONDS));
      assertTrue(client.isClosed());
      assertThrows(QmpClosedException.class, () -> client.execute("query-status"));
      assertThrows(
          QmpClosedException.class, () -> client.awaitEvent(event -> false, RealQemu.TIMEOUT));
    }
  }

  @Test
  void closingLeavesQemuToTheNextClient() throws Exception {
    try (RealQemu qemu = RealQemu.withSharedRam()) {
      QmpClient first = qemu.connect();
      first.close();
      first.close();
      first.closed().get(1, TimeUnit.SECONDS);
      assertThrows(QmpClosedException.class, () -> first.execute("query-status"));
      try (QmpClient second = qemu.connect()) {
        assertFalse(second.execute("query-status").isEmpty());
      }
    }
  }

  @Test
  void aPrettyPrintingMonitorIsUnderstood() throws IOException {
    try (RealQemu qemu =
            RealQemu.withSharedRam(
                "-chardev", "socket,id=pretty,path=DIR/pretty,server=on,wait=off",
                "-mon", "chardev=pretty,mode=control,pretty=on");
        QmpClient client =
            QmpClient.connect(qemu.directory().resolve("pretty"), RealQemu.TIMEOUT)) {
      assertEquals("mem", client.execute("query-memdev").get(0).path("id").asText());
      assertEquals(0, client.execute("query-iothreads").size());
      client.execute("cont");
      client.awaitEvent(event -> event.name().equals("RESUME"), RealQemu.TIMEOUT);
    }
  }

  private static void signal(String name, int pid) throws Exception {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, Integer.toString(pid)).start().waitFor());
  }
}
