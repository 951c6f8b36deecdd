package io.farpage.transport.rdma;

import static io.farpage.transport.rdma.RdmaRig.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.transport.ReadListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the source has not registered for this session cannot be read, and an attempt ends the
 * connection; whatever ends it, every read is done all the same, once, and with the right bytes.
 */
@Tag("rdma")
@Timeout(300)
class BrokenLaneTest {
  private static final int PAGES = 1024;
  private static final int READS = 16;
  private static final ReadListener IGNORED = (region, offset, length, cookie) -> {};

  private InetAddress address;
  private RdmaRig rig;
  private RdmaPageLane lane;
  private int objectsBefore;

  @BeforeEach
  void open() throws Exception {
    address = RdmaHost.requireAddress();
    // the device itself stays open from the first time on
    try (RdmaRig first = new RdmaRig(address, 1, READS, PAGE, PAGE)) {
      first.connect();
    }
    objectsBefore = VerbsExtras.openObjects();
    rig = new RdmaRig(address, 1, READS, READS * PAGES * PAGE, PAGES * PAGE);
    lane = rig.lane(0);
  }

  @AfterEach
  void close() throws Exception {
    if (rig != null) {
      rig.close();
      assertEquals(objectsBefore, VerbsExtras.openObjects(), "verbs objects left behind");
    }
  }

  /** Registers 256 pages, and has the destination think otherwise of the last 128. */
  private void shareWrongly(
      final RdmaRig.Session session, final UnaryOperator<RemoteExtent> distortion)
      throws IOException {
    session.register(rig.pages(0, 128));
    final RemoteExtent right = session.source().register(rig.pages(128, 128), rig.source()).get(0);
    session.destination().register(List.of(distortion.apply(right)), rig.destination());
    session.publish();
  }

  /**
   * Reads the good pages and, in between, one that makes trouble: the first break must say why, and
   * all pages must come.
   */
  private void requireBrokenAndDone(final int troublePage, final String reason) throws IOException {
    final Deliveries done = new Deliveries(READS);
    for (int i = 0; i < READS; i++) {
      final int page = i == READS / 2 ? troublePage : 4 * i;
      assertTrue(lane.tryRead(0, page * PAGE, 2 * PAGE, i));
    }
    rig.drain(done);
    done.requireEachOnce(READS);
    for (int i = 0; i < READS; i++) {
      rig.requireArrived(0, (i == READS / 2 ? troublePage : 4 * i) * PAGE, 2 * PAGE);
    }
    assertEquals(1, rig.breaks().size(), () -> rig.breaks().toString());
    assertTrue(rig.breaks().get(0).contains(reason), () -> rig.breaks().toString());
    assertTrue(rig.otherBytes() >= 2 * PAGE, "the trouble itself came over the other lane");
    assertEquals(READS * 2 * PAGE, rig.otherBytes() + lane.oneSidedBytes());
    assertEquals(0, lane.bytesInFlight());
    // and it stays with the other lane
    final long before = lane.oneSidedBytes();
    assertTrue(lane.tryRead(0, 100 * PAGE, PAGE, 0));
    rig.drain(IGNORED);
    rig.requireArrived(0, 100 * PAGE, PAGE);
    assertEquals(before, lane.oneSidedBytes());
  }

  @Test
  void anExtentThatIsTooLong() throws Exception {
    shareWrongly(
        rig.connect(),
        right ->
            new RemoteExtent(
                0, right.offsetBytes(), 2 * right.lengthBytes(), right.address(), right.rkey()));
    requireBrokenAndDone(255, "remote access error");
  }

  @Test
  void anExtentBeforeTheMemoryThatIsRegistered() throws Exception {
    shareWrongly(
        rig.connect(),
        right ->
            new RemoteExtent(
                0, right.offsetBytes(), right.lengthBytes(), right.address() - PAGE, right.rkey()));
    requireBrokenAndDone(128, "remote access error");
  }

  @Test
  void aKeyOfAnotherMemoryRegion() throws Exception {
    final RdmaRig.Session session = rig.connect();
    final int otherKey = session.register(rig.pages(512, 1)).get(0).rkey();
    shareWrongly(
        session,
        right ->
            new RemoteExtent(
                0, right.offsetBytes(), right.lengthBytes(), right.address(), otherKey));
    requireBrokenAndDone(200, "remote access error");
  }

  @Test
  void aKeyThatNobodyGave() throws Exception {
    shareWrongly(
        rig.connect(),
        right ->
            new RemoteExtent(
                0,
                right.offsetBytes(),
                right.lengthBytes(),
                right.address(),
                right.rkey() ^ 0x5555_5555));
    requireBrokenAndDone(200, "remote access error");
  }

  /** The memory is registered, but for another session: that is another protection domain. */
  @Test
  void aKeyOfASessionThatGoesOn() throws Exception {
    final RdmaRig.Session first = rig.connect();
    final List<RemoteExtent> extents = first.source().register(rig.pages(128, 128), rig.source());
    final RdmaRig.Session second = rig.connect();
    second.register(rig.pages(0, 128));
    second.destination().register(extents, rig.destination());
    second.publish();
    requireBrokenAndDone(200, "remote access error");
  }

  @Test
  void aKeyOfASessionThatHasEnded() throws Exception {
    final RdmaRig.Session first = rig.connect();
    final List<RemoteExtent> extents = first.source().register(rig.pages(128, 128), rig.source());
    first.close();
    final RdmaRig.Session second = rig.connect();
    second.register(rig.pages(0, 128));
    second.destination().register(extents, rig.destination());
    second.publish();
    requireBrokenAndDone(200, "remote access error");
  }

  /** The source ends its session, as it does when it registers anew, with reads in flight. */
  @Test
  void aSourceThatEndsTheSession() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, 256));
    final Deliveries done = new Deliveries(1000);
    int reads = 0;
    while (reads < READS) {
      assertTrue(lane.tryRead(0, reads * PAGE, PAGE, reads));
      reads++;
    }
    session.source().close();
    while (rig.breaks().isEmpty()) {
      lane.poll(done);
      if (lane.readsInFlight() == 0) {
        assertTrue(lane.tryRead(0, reads % 256 * PAGE, PAGE, reads));
        reads++;
      }
    }
    rig.drain(done);
    done.requireEachOnce(reads);
    rig.requireArrived(0, 0, READS * PAGE);
    assertEquals(1, rig.breaks().size(), () -> rig.breaks().toString());
  }

  /** The other host is gone in the middle of it: nothing answers any more. */
  @Test
  void aSourceThatIsKilled() throws Exception {
    final byte[] greeting = RdmaRig.greetings(1)[0];
    final Process process =
        ChildJava.start(
            LaneSource.class,
            address.getHostAddress(),
            HexFormat.of().formatHex(greeting),
            Integer.toString(PAGES * PAGE));
    try (BufferedReader told = process.inputReader()) {
      final int port = Integer.parseInt(told.readLine());
      final RdmaDestination destination =
          rig.connect(new InetSocketAddress(address, port), new byte[][] {greeting});
      destination.attach(List.of(lane));
      final String[] words = told.readLine().split(" ");
      destination.register(
          List.of(
              new RemoteExtent(
                  0, 0, PAGES * PAGE, Long.parseLong(words[0]), Integer.parseInt(words[1]))),
          rig.destination());
      destination.publish();
      assertTrue(lane.poll(IGNORED) > 0);

      final Deliveries done = new Deliveries(100_000);
      int reads = 0;
      boolean killed = false;
      while (rig.breaks().isEmpty()) {
        if (lane.tryRead(0, reads % PAGES * PAGE, PAGE, reads)) {
          reads++;
        } else if (lane.poll(done) == 0) {
          Thread.yield();
        }
        if (!killed && done.count() >= PAGES) {
          assertEquals(done.bytes(), lane.oneSidedBytes());
          process.destroyForcibly();
          killed = true;
        }
      }
      rig.drain(done);
      done.requireEachOnce(reads);
      assertEquals(1, rig.breaks().size(), () -> rig.breaks().toString());
      assertTrue(rig.otherBytes() > 0, "nothing was in flight");
      assertEquals((long) reads * PAGE, rig.otherBytes() + lane.oneSidedBytes());
      assertTrue(lane.tryRead(0, 0, PAGES * PAGE, reads));
      rig.drain(done);
      rig.requireArrived(0, 0, PAGES * PAGE);
      rig.closeWhilePolling(destination, IGNORED);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void aNewSessionTakesThePlaceOfOneThatBroke() throws Exception {
    final RdmaRig.Session first = rig.connect();
    shareWrongly(
        first,
        right ->
            new RemoteExtent(
                0, right.offsetBytes(), 2 * right.lengthBytes(), right.address(), right.rkey()));
    requireBrokenAndDone(255, "remote access error");
    final long before = lane.oneSidedBytes();
    first.close();
    for (int round = 0; round < 3; round++) {
      assertEquals(objectsBefore, VerbsExtras.openObjects(), "the old session is freed");
      final RdmaRig.Session next = rig.connect();
      next.register(rig.pages(0, 128));
      next.share(rig.pages(128, 128));
      final long other = rig.otherBytes();
      assertTrue(lane.tryRead(0, 64 * PAGE, 128 * PAGE, 0));
      rig.drain(IGNORED);
      rig.requireArrived(0, 64 * PAGE, 128 * PAGE);
      assertEquals(other, rig.otherBytes());
      assertEquals(before + (round + 1) * 128 * PAGE, lane.oneSidedBytes());
      next.close();
    }
    assertEquals(1, rig.breaks().size(), () -> rig.breaks().toString());
  }

  /** A session may end in the middle of reading: what is in flight goes the other way. */
  @Test
  void aSessionThatIsClosedWithReadsInFlight() throws Exception {
    final RdmaRig.Session session = rig.connect();
    session.share(rig.pages(0, PAGES));
    final Deliveries done = new Deliveries(READS);
    for (int i = 0; i < READS; i++) {
      assertTrue(lane.tryRead(0, 0, PAGES * PAGE, i));
    }
    session.close(done);
    rig.drain(done);
    done.requireEachOnce(READS);
    rig.requireArrived(0, 0, PAGES * PAGE);
    assertTrue(rig.otherBytes() > 0, "nothing was in flight");
    assertEquals(List.of(), rig.breaks(), "an end is no break");
  }
}
