package io.farpage.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The second host does what the first one asks for, and RDMA works between the two. */
@Tag("lab")
@Timeout(120)
public class TwoHostsTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final RemoteHost other = RemoteHost.find();

  @AfterEach
  void close() throws IOException {
    other.close();
  }

  @Test
  void theOtherHostReadsTheMemoryOfThisOneAndTheOtherWayRound() throws Exception {
    RdmaPort port = RdmaPort.own();
    RemoteProcess server = other.start(ReadLatency.server(port));
    other.run(SOON, "bash", "-c", ReadLatency.AWAIT_SERVER);
    Process client =
        new ProcessBuilder(ReadLatency.client(port, other.address()))
            .redirectErrorStream(true)
            .start();
    ReadLatency.assertDone(new String(client.getInputStream().readAllBytes()));
    assertEquals(0, server.awaitExit(SOON), server.stderr());

    Process back = new ProcessBuilder(ReadLatency.server(port)).inheritIO().start();
    try {
      Process waiting = new ProcessBuilder("bash", "-c", ReadLatency.AWAIT_SERVER).start();
      assertEquals(0, waiting.waitFor());
      String own = System.getenv("FARPAGE_LAB_ADDRESS");
      ReadLatency.assertDone(other.run(SOON, ReadLatency.client(port, own)));
    } finally {
      back.destroyForcibly();
    }
  }

  @Test
  void outputsAndExitCodeComeBack() throws IOException {
    RemoteProcess process =
        other.start(
            "sh", "-c", "echo \"$FARPAGE_LAB_HOST $1\"; echo 'no' >&2; exit 3", "sh", "it's");
    assertEquals(3, process.awaitExit(SOON));
    assertEquals("2 it's\n", process.stdout());
    assertEquals("no\n", process.stderr());
    assertThrows(IOException.class, () -> other.run(SOON, "false"));
  }

  @Test
  void itIsSeenWhatARunningProcessWrites() throws IOException {
    RemoteProcess process = other.start("sh", "-c", "echo line 12; exec sleep 1000");
    assertEquals("12", process.awaitOutput("line ([0-9]+)", SOON).group(1));
    assertEquals(OptionalInt.empty(), process.exitCode());
    assertThrows(IOException.class, () -> process.awaitOutput("never", Duration.ofMillis(100)));
    assertThrows(IOException.class, () -> other.start("true").awaitOutput("never", SOON));
  }

  @Test
  void aSignalReachesAProcessAndItsChildren() throws IOException {
    RemoteProcess process = other.start("sh", "-c", "sleep 1000 & echo $!; wait");
    String child = process.awaitOutput("[0-9]+", SOON).group();
    process.kill("KILL");
    assertEquals(128 + 9, process.awaitExit(SOON));
    other.run(SOON, "sh", "-c", "while kill -0 " + child + " 2>/dev/null; do sleep 0.02; done");
    process.kill("KILL"); // which does no harm
  }

  @Test
  void whatIsLeftIsKilled() throws IOException {
    RemoteProcess process = other.start("sleep", "1000");
    other.close();
    assertEquals(128 + 9, process.awaitExit(SOON));
  }

  @Test
  void commandsReachAHostWhoseLinkIsDown() throws Exception {
    try {
      other.run(SOON, "ip", "link", "set", "eth0", "down");
      assertTrue(other.run(SOON, "rdma", "link").contains("DOWN"));
    } finally {
      other.run(SOON, "ip", "link", "set", "eth0", "up");
    }
    other.run(SOON, "sh", "-c", "until rdma link | grep -q 'state ACTIVE'; do sleep 0.05; done");
  }
}
