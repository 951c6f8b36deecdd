package io.farpage.pager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BulkPaceTest {
  private static final long KIB = 1024;
  private static final long SHORTEST = 64 * KIB;
  private static final long LONGEST = 4096 * KIB;
  private static final long SECOND = 1_000_000_000L;

  /** From a slow line to what the fastest adapters of today do, at short and long distances. */
  @ParameterizedTest
  @CsvSource({
    "12500000, 200000",
    "12500000, 20000000",
    "125000000, 50000",
    "1250000000, 30000",
    "1250000000, 2000000",
    "12500000000, 10000",
    "12500000000, 1000000"
  })
  void theLinkIsFullAndAReadWaitsForLittleMoreThanItsTurn(
      final double bytesPerSecond, final long delayNs) {
    final BulkPace pace = new BulkPace(SHORTEST, LONGEST);
    final Link link = new Link(bytesPerSecond, delayNs);
    link.run(pace, 2 * SECOND, false);
    final long before = link.delivered;
    link.longestWaitNs = 0;
    link.run(pace, 4 * SECOND, false);
    final double use = (link.delivered - before) / (2 * bytesPerSecond);
    assertTrue(use > 0.95, "link use " + use);
    // its own time, that of one before it, and what the threads may be late
    final double bearableNs = 2 * pace.chunkBytes() * 1e9 / bytesPerSecond + 300_000;
    assertTrue(link.longestWaitNs <= 1.3 * bearableNs, link.longestWaitNs + " ns of " + bearableNs);
  }

  @Test
  void readsAreShortWhileTheGuestWaitsForPages() {
    final BulkPace pace = new BulkPace(SHORTEST, LONGEST);
    final Link link = new Link(1.25e9, 30_000);
    link.run(pace, SECOND, false);
    assertTrue(pace.chunkBytes() > 3 * SHORTEST, "grown to " + pace.chunkBytes());
    pace.onDemandFault();
    assertEquals(SHORTEST, pace.chunkBytes());
    link.longest = 0;
    link.run(pace, SECOND + SECOND / 10, true);
    assertEquals(SHORTEST, link.longest);
  }

  @Test
  void aLongReadTakesAFifthOfAMillisecondAtMost() {
    final BulkPace pace = new BulkPace(SHORTEST, LONGEST);
    new Link(2e9, 30_000).run(pace, SECOND, false);
    assertEquals(0.4e6, pace.chunkBytes(), 0.04e6);
  }

  @Test
  void oneLengthStaysOneLength() {
    final BulkPace pace = new BulkPace(4096, 4096);
    new Link(1.25e9, 30_000).run(pace, SECOND / 10, false);
    assertEquals(4096, pace.chunkBytes());
  }

  @Test
  void aSlowerLinkIsNoticed() {
    final BulkPace pace = new BulkPace(SHORTEST, LONGEST);
    final Link link = new Link(1.25e9, 30_000);
    link.run(pace, SECOND, false);
    final long wide = pace.windowBytes();
    link.bytesPerSecond = 0.0125e9;
    link.run(pace, 4 * SECOND, false);
    assertTrue(pace.windowBytes() < wide / 4, pace.windowBytes() + " after " + wide);
    assertEquals(SHORTEST, pace.chunkBytes());
  }

  @Test
  void aReadThatWasNotTakenLeavesNoTrace() {
    final BulkPace pace = new BulkPace(SHORTEST, LONGEST);
    final Link link = new Link(1.25e9, 30_000);
    for (int i = 0; i < 10 * BulkPace.SLOTS; i++) {
      assertTrue(pace.hasRoom(link));
      pace.cancel(pace.begin(i));
    }
  }

  @Test
  void lengthsThatMakeNoSenseAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new BulkPace(0, 10));
    assertThrows(IllegalArgumentException.class, () -> new BulkPace(10, 9));
  }

  /** A link in virtual time: requests take the delay, then their bytes pass one after the other. */
  private static final class Link implements PageLane {
    private static final long STEP_NS = 1_000;

    private record Read(int slot, int length, long sentNs, long doneNs) {}

    private final Deque<Read> reads = new ArrayDeque<>();
    private final long delayNs;
    private double bytesPerSecond;
    private long now;
    private long freeNs;
    private long inFlight;
    private long delivered;
    private long longest;
    private long longestWaitNs;

    Link(final double bytesPerSecond, final long delayNs) {
      this.bytesPerSecond = bytesPerSecond;
      this.delayNs = delayNs;
    }

    void run(final BulkPace pace, final long untilNs, final boolean faulting) {
      for (; now < untilNs; now += STEP_NS) {
        if (faulting) {
          pace.onDemandFault();
        }
        while (pace.hasRoom(this)) {
          tryRead(0, 0, (int) pace.chunkBytes(), pace.begin(now));
        }
        while (!reads.isEmpty() && reads.peek().doneNs() <= now) {
          final Read read = reads.poll();
          inFlight -= read.length();
          delivered += read.length();
          longestWaitNs = Math.max(longestWaitNs, now - read.sentNs() - delayNs);
          pace.end(read.slot(), read.length(), now);
        }
      }
    }

    @Override
    public boolean tryRead(
        final int region, final long offsetBytes, final int lengthBytes, final long cookie) {
      final long start = Math.max(now + delayNs, freeNs);
      freeNs = start + (long) (lengthBytes * 1e9 / bytesPerSecond);
      reads.add(new Read((int) cookie, lengthBytes, now, freeNs));
      inFlight += lengthBytes;
      longest = Math.max(longest, lengthBytes);
      return true;
    }

    @Override
    public int poll(final ReadListener listener) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean hasRoom(final long lengthBytes) {
      return true;
    }

    @Override
    public int readsInFlight() {
      return reads.size();
    }

    @Override
    public long bytesInFlight() {
      return inFlight;
    }

    @Override
    public int readinessFd() {
      return -1;
    }

    @Override
    public void close() {
      reads.clear();
    }
  }
}
