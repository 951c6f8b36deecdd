package io.farpage.transport.rdma;

import static io.farpage.transport.rdma.RdmaRig.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever connects to a source without knowing what to say gets nothing, and stops nobody. */
@Tag("rdma")
@Timeout(300)
class StrangersTest {
  private static final byte[][] GREETINGS = RdmaRig.greetings(2);

  private final List<Stranger> strangers = new ArrayList<>();
  private RdmaRig rig;
  private int objectsBefore;
  private RdmaSource source;
  private Acceptor acceptor;
  private InetSocketAddress listening;

  @BeforeEach
  void listen() throws Exception {
    final InetAddress address = RdmaHost.requireAddress();
    rig = new RdmaRig(address, 2, 4, PAGE, 4 * PAGE);
    rig.connect().close();
    objectsBefore = VerbsExtras.openObjects();
    source = RdmaSource.listen(address, GREETINGS);
    listening = new InetSocketAddress(address, source.port());
    assertThrows(IllegalStateException.class, () -> source.register(rig.pages(0, 1), rig.source()));
    acceptor = Acceptor.start(source);
  }

  @AfterEach
  void close() throws Exception {
    if (rig != null) {
      acceptor.close();
      source.close();
      strangers.forEach(Stranger::close);
      assertEquals(objectsBefore, VerbsExtras.openObjects(), "verbs objects left behind");
      rig.close();
    }
  }

  private Stranger stranger() throws IOException {
    final Stranger stranger = Stranger.connect(listening);
    strangers.add(stranger);
    return stranger;
  }

  /** The rightful destination comes through, and can read what is registered then. */
  private void requireRightfulGetsThrough() throws IOException {
    assertTrue(acceptor.isWaiting(), "the source waits no more");
    final RdmaDestination destination = rig.connect(listening, GREETINGS);
    requireReadable(destination);
  }

  private void requireReadable(final RdmaDestination destination) throws IOException {
    acceptor.await();
    destination.attach(List.of(rig.lane(0), rig.lane(1)));
    destination.register(source.register(rig.pages(0, 4), rig.source()), rig.destination());
    destination.publish();
    for (int i = 0; i < 2; i++) {
      final RdmaPageLane lane = rig.lane(i);
      rig.drain((region, offset, length, cookie) -> {});
      lane.poll((region, offset, length, cookie) -> {});
      final long before = lane.oneSidedBytes();
      assertTrue(lane.tryRead(0, 0, 4 * PAGE, 0));
      rig.drain((region, offset, length, cookie) -> {});
      assertEquals(before + 4 * PAGE, lane.oneSidedBytes());
    }
    rig.requireArrived(0, 0, 4 * PAGE);
    rig.closeWhilePolling(destination, (region, offset, length, cookie) -> {});
  }

  @Test
  void whoSaysSomethingElseIsHungUpOn() throws Exception {
    final byte[] wrong = GREETINGS[0].clone();
    wrong[31] ^= 1;
    final Stranger first = stranger();
    first.say(wrong);
    first.requireHungUpOn();
    final Stranger second = stranger();
    second.say(Arrays.copyOf(GREETINGS[0], 31));
    second.requireHungUpOn();
    final Stranger third = stranger();
    assertThrows(IOException.class, () -> third.say(new byte[64]), "longer than there is room");
    third.requireHungUpOn();
    requireRightfulGetsThrough();
  }

  @Test
  void whoRepeatsWhatAnotherHasSaidIsHungUpOn() throws Exception {
    final Stranger demand = stranger();
    demand.say(GREETINGS[0]);
    final Stranger again = stranger();
    again.say(GREETINGS[0]);
    again.requireHungUpOn();
    assertTrue(acceptor.isWaiting());
    final Stranger bulk = stranger();
    bulk.say(GREETINGS[1]);
    acceptor.await();
    assertTrue(source.isComplete());
    assertFalse(demand.isHungUpOn());
  }

  @Test
  void manyWhoSayNothingHoldNobodyUp() throws Exception {
    for (int i = 0; i < 20; i++) {
      stranger();
    }
    strangers.get(0).requireHungUpOn();
    requireRightfulGetsThrough();
    for (final Stranger stranger : strangers) {
      stranger.requireHungUpOn();
    }
  }

  @Test
  void whoHangsUpIsForgotten() throws Exception {
    for (int i = 0; i < 20; i++) {
      stranger().close();
    }
    requireRightfulGetsThrough();
  }

  @Test
  void whoGoesAwayBeforeTheConnectionStandsHarmsNobody() throws Exception {
    for (int i = 0; i < 20; i++) {
      Stranger.request(listening).close();
    }
    requireRightfulGetsThrough();
  }

  @Test
  void nobodyConnectsOnceMemoryIsRegistered() throws Exception {
    final Stranger early = stranger();
    requireRightfulGetsThrough();
    early.requireHungUpOn();
    final CmEventException refused =
        assertThrows(CmEventException.class, () -> Stranger.connect(listening));
    assertEquals(EventType.RDMA_CM_EVENT_REJECTED, refused.event());
  }
}
