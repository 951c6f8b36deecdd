package io.farpage.transport.rdma;

import static io.farpage.transport.rdma.RdmaRig.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.farpage.linux.PollSet;
import io.farpage.transport.Extents;
import io.farpage.transport.LaneException;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pages read over a device, straight to their place, and over TCP where that cannot be. */
@Tag("rdma")
@Timeout(180)
class RdmaPageLaneTest {
  private static final int PAGES = 1024;
  private static final int SMALL_PAGES = 64;
  private static final int READS = 16;
  private static final long BYTES = 1 << 20;
  private static final ReadListener IGNORED = (region, offset, length, cookie) -> {};

  private RdmaRig rig;
  private RdmaPageLane lane;

  @BeforeEach
  void open() throws Exception {
    final InetAddress address = RdmaHost.requireAddress();
    rig = new RdmaRig(address, 1, READS, BYTES, PAGES * PAGE, SMALL_PAGES * PAGE);
    lane = rig.lane(0);
  }

  @AfterEach
  void close() throws Exception {
    if (rig != null) {
      rig.close();
    }
  }

  private void read(final int region, final long offset, final int length) throws IOException {
    assertTrue(lane.tryRead(region, offset, length, 0));
    rig.drain(IGNORED);
    rig.requireArrived(region, (int) offset, length);
  }

  /** Returns whether a range lies in the pages given. */
  private static boolean within(
      final int offset, final int length, final int firstPage, final int endPage) {
    return offset >= firstPage * PAGE && offset + length <= endPage * PAGE;
  }

  @Test
  void rangesOfAnyLengthArriveInPlaceAndNothingElseIsWritten() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.register(rig.pages(0, 400));
    session.register(rig.pages(600, 300));
    session.share(RdmaRig.range(2, 1, 0, (SMALL_PAGES / 2) * PAGE));
    final Random random = new Random(7);
    final byte[][] expected = {new byte[PAGES * PAGE], new byte[SMALL_PAGES * PAGE]};
    final int reads = 400;
    final Deliveries done = new Deliveries(reads);
    long requested = 0;
    long oneSided = 0;
    for (int i = 0; i < reads; i++) {
      final int region = random.nextInt(4) / 3;
      final int length = 1 + random.nextInt(40_000);
      final int offset = random.nextInt(expected[region].length - length + 1);
      while (!lane.tryRead(region, offset, length, i)) {
        lane.poll(done);
      }
      requested += length;
      final boolean registered =
          region == 1
              ? within(offset, length, 0, SMALL_PAGES / 2)
              : within(offset, length, 0, 400) || within(offset, length, 600, 900);
      oneSided += registered ? length : 0;
      rig.sourceBytes(region).get(offset, expected[region], offset, length);
    }
    rig.drain(done);
    done.requireEachOnce(reads);
    for (int region = 0; region < expected.length; region++) {
      assertEquals(
          java.nio.ByteBuffer.wrap(expected[region]), rig.seenBytes(region), "region " + region);
    }
    assertEquals(oneSided, lane.oneSidedBytes());
    assertEquals(requested - oneSided, rig.otherBytes());
    assertTrue(oneSided > requested / 3 && oneSided < requested, oneSided + " of " + requested);
    assertEquals(0, lane.bytesInFlight());
    assertEquals(List.of(), rig.breaks());
  }

  @Test
  void aRangeOverAdjacentMemoryRegionsIsReadInPieces() throws Exception {
    final RdmaRig.Session session = rig.connect();
    for (int page = 0; page < 12; page += 2) {
      session.register(rig.pages(page, 2));
    }
    session.publish();
    read(0, PAGE, 8 * PAGE);
    assertEquals(8 * PAGE, lane.oneSidedBytes());
    read(0, 0, 12 * PAGE);
    assertEquals(20 * PAGE, lane.oneSidedBytes());
    read(0, 2 * PAGE - 1, 2);
    assertEquals(20 * PAGE + 2, lane.oneSidedBytes());
    assertEquals(0, rig.otherBytes());
  }

  @Test
  void aRangeInVeryManyPiecesIsLeftToTheOtherLane() throws Exception {
    final RdmaRig.Session session = rig.connect();
    for (int page = 0; page < 9; page++) {
      session.register(rig.pages(page, 1));
    }
    session.publish();
    read(0, 0, 8 * PAGE);
    assertEquals(8 * PAGE, lane.oneSidedBytes());
    read(0, 0, 9 * PAGE);
    assertEquals(9 * PAGE, rig.otherBytes());
  }

  @Test
  void whatIsNotRegisteredOrNotAllOfItGoesToTheOtherLane() throws Exception {
    read(0, 0, PAGE);
    assertEquals(PAGE, rig.otherBytes());
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(16, 16));
    read(0, 15 * PAGE, 2 * PAGE);
    read(0, 31 * PAGE, 2 * PAGE);
    read(1, 16 * PAGE, PAGE);
    read(0, 17 * PAGE - 1, 15 * PAGE + 2);
    assertEquals(0, lane.oneSidedBytes());
    read(0, 16 * PAGE, 16 * PAGE);
    assertEquals(16 * PAGE, lane.oneSidedBytes());
    assertThrows(IllegalArgumentException.class, () -> lane.tryRead(2, 0, PAGE, 0));
    assertThrows(
        IllegalArgumentException.class, () -> lane.tryRead(0, (PAGES - 1) * PAGE, 2 * PAGE, 0));
    assertThrows(IllegalArgumentException.class, () -> lane.tryRead(0, 0, 0, 0));
  }

  @Test
  void whatIsTakenOutGoesToTheOtherLaneAgain() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, 32));
    read(0, 0, 32 * PAGE);
    final Extents stale = rig.pages(4, 2);
    stale.add(0, 20 * PAGE, PAGE);
    session.destination().discard(stale);
    session.publish();
    final long before = lane.oneSidedBytes();
    read(0, 4 * PAGE, PAGE);
    read(0, 3 * PAGE, 2 * PAGE);
    read(0, 20 * PAGE, PAGE);
    assertEquals(before, lane.oneSidedBytes());
    read(0, 0, 4 * PAGE);
    read(0, 6 * PAGE, 14 * PAGE);
    read(0, 21 * PAGE, 11 * PAGE);
    assertEquals(before + 29 * PAGE, lane.oneSidedBytes());
  }

  /** A source that names memory which this side does not have gets nothing written there. */
  @Test
  void anExtentOutsideOfTheRamIsRefused() throws Exception {
    final RdmaRig.Session session = rig.connect();
    for (final long[] bad :
        new long[][] {
          {2, 0, PAGE},
          {-1, 0, PAGE},
          {0, -PAGE, PAGE},
          {0, 0, 0},
          {0, 0, -PAGE},
          {0, (PAGES - 1) * PAGE, 2 * PAGE},
          {0, Long.MAX_VALUE, PAGE},
          {0, 0, Long.MAX_VALUE},
          {1, SMALL_PAGES * PAGE, PAGE}
        }) {
      final RemoteExtent extent = new RemoteExtent((int) bad[0], bad[1], bad[2], 0, 0);
      final IOException refused =
          assertThrows(
              IOException.class,
              () -> session.destination().register(List.of(extent), rig.destination()),
              extent::toString);
      assertTrue(refused.getMessage().contains("outside of the guest's RAM"), extent::toString);
    }
    session.share(rig.pages(0, 1));
    read(0, 0, PAGE);
    assertEquals(PAGE, lane.oneSidedBytes());
  }

  @Test
  void noMoreReadsAreInFlightThanAllowed() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, 512));
    for (int i = 0; i < READS; i++) {
      assertTrue(lane.hasRoom(PAGE));
      assertTrue(lane.tryRead(0, i * PAGE, PAGE, i));
    }
    assertEquals(READS, lane.readsInFlight());
    assertEquals(READS * PAGE, lane.bytesInFlight());
    assertFalse(lane.hasRoom(1));
    assertFalse(lane.tryRead(0, 0, PAGE, 0));
    assertFalse(lane.tryRead(0, 600 * PAGE, PAGE, 0), "nor over the other lane");
    rig.drain(IGNORED);
    assertTrue(lane.hasRoom(PAGE));
  }

  @Test
  void noMoreBytesAreInFlightThanAllowed() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, 512));
    final int half = (int) BYTES / 2;
    assertTrue(lane.tryRead(0, 0, half, 0));
    assertTrue(lane.tryRead(0, 600 * PAGE, half - PAGE, 0), "by the other lane");
    assertEquals(BYTES - PAGE, lane.bytesInFlight());
    assertTrue(lane.hasRoom(PAGE));
    assertFalse(lane.hasRoom(PAGE + 1));
    assertFalse(lane.tryRead(0, 0, PAGE + 1, 0));
    rig.drain(IGNORED);
    assertEquals(0, lane.bytesInFlight());
    // one read is always allowed, however long
    assertTrue(lane.tryRead(0, 0, 2 * (int) BYTES, 0));
    assertFalse(lane.hasRoom(1));
    rig.drain(IGNORED);
    rig.requireArrived(0, 0, 2 * (int) BYTES);
  }

  @Test
  void piecesCountAgainstTheQueue() throws Exception {
    final RdmaRig.Session session = rig.connect();
    for (int page = 0; page < 4; page++) {
      session.register(rig.pages(page, 1));
    }
    session.publish();
    for (int i = 0; i < READS / 4; i++) {
      assertTrue(lane.tryRead(0, 0, 4 * PAGE, i));
    }
    assertFalse(lane.tryRead(0, 0, PAGE, 0), "the queue is full");
    rig.drain(IGNORED);
    rig.requireArrived(0, 0, 4 * PAGE);
    assertEquals(List.of(), rig.breaks());
  }

  @Test
  void aReadThatIsDoneWakesWhoeverWaits() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, 512));
    final Deliveries done = new Deliveries(200);
    int waits = 0;
    try (PollSet waiting = new PollSet(1)) {
      waiting.set(0, lane.readinessFd());
      for (int i = 0; i < 200; i++) {
        final boolean registered = i % 4 != 0;
        assertTrue(lane.tryRead(0, (registered ? i : 600 + i) * PAGE, PAGE, i));
        lane.flush();
        while (done.count() == i) {
          if (!lane.armReadiness() || lane.poll(done) == 0) {
            assertEquals(1, waiting.poll(60_000), "nothing woke it at read " + i);
            waits += registered ? 1 : 0;
            lane.poll(done);
          }
        }
      }
    }
    assertTrue(waits > 0, "every READ was done at once");
    done.requireEachOnce(200);
    assertEquals(150 * PAGE, lane.oneSidedBytes());
  }

  @Test
  void nothingIsAllocatedForTenThousandReads() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, 512));
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    final long thread = Thread.currentThread().getId();
    long allocatedBytes = -1;
    for (int round = 0; round < 4 && allocatedBytes != 0; round++) {
      final long before = threads.getThreadAllocatedBytes(thread);
      readPages(10_000);
      allocatedBytes = threads.getThreadAllocatedBytes(thread) - before;
    }
    assertEquals(0, allocatedBytes, "bytes allocated by 10000 reads");
    assertTrue(lane.oneSidedBytes() >= 10_000L * PAGE);
  }

  private void readPages(final int count) throws IOException {
    for (int i = 0; i < count; i++) {
      while (!lane.tryRead(0, (i & 511) * PAGE, PAGE, i)) {
        if (lane.poll(IGNORED) == 0) {
          Thread.yield();
        }
      }
    }
    while (lane.readsInFlight() > 0) {
      lane.poll(IGNORED);
    }
  }

  /** The processor cannot write through the mapping that was registered, so nothing copies. */
  @Test
  void noProcessorTouchesThePagesOnTheirWay() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, 512));
    rig.hideDestination();
    final Deliveries done = new Deliveries(128);
    for (int i = 0; i < 128; i++) {
      while (!lane.tryRead(0, i * 4 * PAGE, 4 * PAGE, i)) {
        lane.poll(done);
      }
    }
    rig.drain(done);
    done.requireEachOnce(128);
    rig.requireArrived(0, 0, 512 * PAGE);
    assertEquals(512 * PAGE, lane.oneSidedBytes());
    assertEquals(0, rig.otherBytes());
    // where the processor does have a hand in it, it is stopped
    assertTrue(lane.tryRead(0, 600 * PAGE, PAGE, 0));
    assertThrows(LaneException.class, () -> rig.drain(IGNORED));
  }
}
