package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** A guest moves between two hosts; the link fails, a daemon is killed. */
@Tag("lab")
@Timeout(900)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
public class TwoHostFailureTest extends TwoHostMigration {
  /** For three seconds nothing gets through; then it goes on as it was. Comes last. */
  @Order(Integer.MAX_VALUE)
  @Test
  void theLinkGoesDownAndComesBack() throws Exception {
    startDestination(startSource(0, RDMA), RDMA, SLOW);
    awaitMidPostcopy();
    other.run(PATIENCE, "ip", "link", "set", "eth0", "down");
    Thread.sleep(3_000);
    other.run(PATIENCE, "ip", "link", "set", "eth0", "up");
    destination.awaitOutput("pages come over TCP until it is back", PATIENCE);
    destination.awaitOutput("pages come over RDMA again", PATIENCE);
    requireMostOneSided(requireDone());
  }

  /** The guest waits, and the migration goes on when there is a source again. */
  @Test
  void theSourceIsKilledAndComesBack() throws Exception {
    final int port = startSource(0, RDMA);
    startDestination(port, RDMA, SLOW);
    awaitMidPostcopy();
    source.close(); // SIGKILL
    assertEquals(
        "running", destination.awaitOutput(OtherHost.INTERRUPTED + "(\\S+)", PATIENCE).group(1));
    requireSaid("--resume");
    startSource(port, RDMA);
    Files.createFile(resumeFile);
    requireMostOneSided(requireDone());
  }
}
