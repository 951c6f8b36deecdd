package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import java.io.IOException;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The floor of a fault's latency: a real userfaultfd, and a lane that is done at once. */
@Timeout(60)
class ScratchGuestTest {
  private static final int PAGES = 512;

  @Test
  void everyTouchIsAFaultThatTheAgentAnswers() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")));
    try (RamFile file = newFile()) {
      file.allocate(0, file.sizeBytes());
      for (int round = 0; round < 2; round++) {
        final Histogram latencyNs = new Histogram(3);
        final Histogram agentNs;
        try (ScratchGuest guest =
            new ScratchGuest(file, new InstantLane(), new InstantLane(), 4096)) {
          guest.touch(PAGES, latencyNs);
          agentNs = guest.agentLatencyNs();
        }
        assertEquals(PAGES, latencyNs.getTotalCount());
        assertEquals(PAGES, agentNs.getTotalCount());
      }
    }
  }

  @Test
  void everythingIsFetchedAheadInChunks() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")));
    try (RamFile file = newFile()) {
      file.allocate(0, file.sizeBytes());
      try (ScratchGuest guest =
          new ScratchGuest(file, new InstantLane(), new InstantLane(), 64 << 10)) {
        assertTrue(guest.prefetchAll() > 0);
        final Histogram latencyNs = new Histogram(3);
        guest.touch(PAGES, latencyNs);
        assertEquals(PAGES, latencyNs.getTotalCount());
        assertEquals(0, guest.agentLatencyNs().getTotalCount());
      }
    }
  }

  @Test
  void theInstantLaneTakesOneReadAndIsDoneAtTheNextPoll() {
    try (InstantLane lane = new InstantLane()) {
      assertTrue(lane.tryRead(0, 4096, 4096, 7));
      assertFalse(lane.tryRead(0, 8192, 4096, 8));
      assertEquals(4096, lane.bytesInFlight());
      final long[] cookies = new long[1];
      assertEquals(1, lane.poll((region, offset, length, cookie) -> cookies[0] = cookie));
      assertEquals(7, cookies[0]);
      assertEquals(0, lane.readsInFlight());
      assertEquals(0, lane.poll((region, offset, length, cookie) -> cookies[0] = -1));
    }
  }

  private static RamFile newFile() throws IOException {
    return RamFile.adopt(MemFd.create("scratch", PAGES * 4096L), true);
  }
}
