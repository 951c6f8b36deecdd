package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.SVCPostSend;
import io.farpage.linux.Errno;
import io.farpage.linux.PollSet;
import io.farpage.linux.ProcessFds;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections that are made, refused, broken and taken down, on a device. */
@Tag("rdma")
@Timeout(180)
class ConnectionTest {
  private static final int PAGE = 4096;

  private InetAddress address;

  @BeforeEach
  void findAddress() throws Exception {
    address = RdmaHost.requireAddress();
  }

  @Test
  void deviceTellsItsLimits() throws Exception {
    RdmaDevice device = RdmaHost.device();
    assertTrue(device.isActive());
    assertTrue(device.nodeGuid().matches("[0-9a-f:]{19}"), device.nodeGuid());
    RdmaLimits limits = device.limits();
    assertTrue(limits.readsServed() >= 1 && limits.readsInFlight() >= 1, limits::toString);
    assertTrue(limits.completions() >= 1024 && limits.workRequests() >= 64, limits::toString);
    assertTrue(limits.regionBytes() >= Integer.MAX_VALUE, limits::toString);
    RdmaMtu mtu = device.mtu(device.ports().get(0));
    assertTrue(mtu.activeBytes() >= 256 && mtu.activeBytes() <= mtu.largestBytes(), mtu::toString);
    assertTrue(
        device.ports().get(0).gids().stream().anyMatch(gid -> gid.address().equals(address)));
    assertEquals(
        Errno.EINVAL,
        assertThrows(VerbsException.class, () -> VerbsExtras.mtu(device.name(), 200)).errno());
  }

  @Test
  void deviceTellsWhatNobodyAskedFor() throws Exception {
    try (Connection connection = new Connection(address, PAGE)) {
      assertTrue(VerbsExtras.asyncFd(connection.client.context) > 2);
      // What there is was caused by others; the last answer is that there is no more.
      Optional<String> event = VerbsExtras.nextAsyncEvent(connection.client.context);
      for (int i = 0; event.isPresent() && i < 1000; i++) {
        System.out.println(event.get());
        event = VerbsExtras.nextAsyncEvent(connection.client.context);
      }
      assertEquals(Optional.empty(), event);
    }
  }

  @Test
  void addressesOfBothSidesAreKnown() throws Exception {
    try (Connection connection = new Connection(address, PAGE)) {
      InetSocketAddress listening = (InetSocketAddress) connection.listener.getSource();
      assertEquals(address, listening.getAddress());
      assertEquals(listening, connection.client.id.getDestination());
      assertEquals(
          connection.client.id.getSource(), connection.server.id.getDestination(), "as bound");
      assertTrue(connection.client.qp.getQp_num() > 0);
      assertTrue(connection.client.context.getNumCompVectors() > 0);
      assertTrue(connection.client.context.getCmd_fd() > 0);
    }
  }

  @Test
  void requestBringsTheClientsGreeting() throws Exception {
    byte[] greeting = new byte[32];
    Arrays.fill(greeting, (byte) 0xa5);
    try (Connection connection = new Connection(address, PAGE, greeting)) {
      byte[] received = VerbsExtras.requestData(connection.server.id);
      assertArrayEquals(greeting, Arrays.copyOf(received, greeting.length));
      assertEquals(56, received.length);
      assertEquals(0, VerbsExtras.requestData(connection.client.id).length);
    }
  }

  @Test
  void nobodyListens() throws Exception {
    RdmaEventChannel events = RdmaEventChannel.createEventChannel();
    RdmaCmId id = Connection.resolve(events, null, new InetSocketAddress(address, 1));
    try (ReadQueue queue = new ReadQueue(id, PAGE)) {
      Connection.connect(id, new byte[0]);
      CmEventException refused =
          assertThrows(CmEventException.class, () -> events.getCmEvent(Connection.TIMEOUT_MS));
      assertEquals(EventType.RDMA_CM_EVENT_REJECTED, refused.event());
      assertEquals(
          "RDMA_CM_EVENT_REJECTED: nobody listens at this address and port (8)",
          refused.getMessage());
      assertTrue(refused.isAbout(queue.id));
    }
    events.destroyEventChannel();
  }

  @Test
  void serverRefuses() throws Exception {
    RdmaEventChannel serverEvents = RdmaEventChannel.createEventChannel();
    RdmaEventChannel clientEvents = RdmaEventChannel.createEventChannel();
    RdmaCmId listener = serverEvents.createId(RdmaCm.RDMA_PS_TCP);
    listener.bindAddr(new InetSocketAddress(0));
    listener.listen(1);
    assertNull(listener.getVerbs(), "it listens on all devices");
    int port = ((InetSocketAddress) listener.getSource()).getPort();
    RdmaCmId id = Connection.resolve(clientEvents, null, new InetSocketAddress(address, port));
    try (ReadQueue queue = new ReadQueue(id, PAGE)) {
      Connection.connect(queue.id, new byte[0]);
      RdmaCmEvent request =
          Connection.expect(serverEvents, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
      assertEquals(listener, request.getListenIdPriv());
      assertNotNull(request.getConnIdPriv().getVerbs());
      request.getConnIdPriv().destroyId();
      CmEventException refused =
          assertThrows(
              CmEventException.class, () -> clientEvents.getCmEvent(Connection.TIMEOUT_MS));
      assertEquals("RDMA_CM_EVENT_REJECTED: the peer's program refused (28)", refused.getMessage());
    }
    serverEvents.destroyEventChannel();
    clientEvents.destroyEventChannel();
  }

  @Test
  void addressBeyondTheNetworkIsNotResolved() throws Exception {
    RdmaEventChannel events = RdmaEventChannel.createEventChannel();
    RdmaCmId id = events.createId(RdmaCm.RDMA_PS_TCP);
    // At once without a route there, else when its device turns out to be another.
    IOException failure =
        assertThrows(
            IOException.class,
            () -> {
              id.resolveAddr(null, new InetSocketAddress("192.0.2.1", 7), 500);
              events.getCmEvent(Connection.TIMEOUT_MS);
            });
    assertTrue(
        failure.getMessage().startsWith("rdma_resolve_addr: ENETUNREACH (101)")
            || failure.getMessage().startsWith("RDMA_CM_EVENT_ADDR_ERROR: E"),
        failure.getMessage());
    events.destroyEventChannel();
  }

  @Test
  void addressOfNoDeviceCannotBeBound() throws Exception {
    RdmaEventChannel events = RdmaEventChannel.createEventChannel();
    RdmaCmId id = events.createId(RdmaCm.RDMA_PS_TCP);
    VerbsException failure =
        assertThrows(
            VerbsException.class, () -> id.bindAddr(new InetSocketAddress("192.0.2.1", 7)));
    assertTrue(failure.getMessage().startsWith("rdma_bind_addr: "), failure.getMessage());
    assertTrue(failure.getMessage().contains("192.0.2.1 port 7"), failure.getMessage());
    id.destroyId();
    events.destroyEventChannel();
  }

  @Test
  void connectingWithoutQueuePairIsRefused() throws Exception {
    RdmaEventChannel events = RdmaEventChannel.createEventChannel();
    RdmaCmId id = Connection.resolve(events, null, new InetSocketAddress(address, 1));
    VerbsException failure =
        assertThrows(VerbsException.class, () -> id.connect(Connection.parameters()));
    assertEquals(
        "rdma_connect: EINVAL (22) Invalid argument: no queue pair was created for it",
        failure.getMessage());
    events.destroyEventChannel();
  }

  @Test
  void eventsAreWaitedForByTheirDescriptor() throws Exception {
    RdmaEventChannel events = RdmaEventChannel.createEventChannel();
    try (PollSet waiting = new PollSet(1)) {
      waiting.set(0, VerbsExtras.fd(events));
      assertNull(events.getCmEvent(0), "nothing happened");
      long before = System.nanoTime();
      assertNull(events.getCmEvent(50), "nothing happened");
      assertTrue(System.nanoTime() - before >= 50_000_000, "the time-out is kept");
      RdmaCmId id = events.createId(RdmaCm.RDMA_PS_TCP);
      id.resolveAddr(null, new InetSocketAddress(address, 1), Connection.TIMEOUT_MS);
      assertEquals(1, waiting.poll(Connection.TIMEOUT_MS));
      assertNotNull(events.getCmEvent(0));
      id.destroyId();
    }
    events.destroyEventChannel();
  }

  @Test
  void objectsThatAreGoneAreAnsweredWithAnException() throws Exception {
    Connection connection = new Connection(address, PAGE);
    connection.close();
    VerbsException failure =
        assertThrows(VerbsException.class, () -> VerbsExtras.fd(connection.client.events));
    assertTrue(failure.getMessage().startsWith("no completion channel has the id 0x"));
    assertThrows(VerbsException.class, () -> VerbsExtras.toError(connection.client.qp));
  }

  @Test
  void eventsThatNobodyAcknowledgedHoldNothingUp() throws Exception {
    try (Connection connection = new Connection(address, PAGE)) {
      ReadQueue client = connection.client;
      SVCPostSend post =
          client.reads(
              1, connection.server.buffer.address(), connection.server.region.getRkey(), PAGE);
      for (int i = 0; i < 3; i++) {
        client.arm.execute();
        post.execute();
        assertTrue(client.events.getCqEvent(client.cq, Connection.TIMEOUT_MS));
        client.poll.execute();
      }
      client.cq.ackEvents(1);
      connection.server.cq.ackEvents(100);
    }
  }

  @Test
  void eventChannelTakesItsIdsAlong() throws Exception {
    int before = VerbsExtras.openObjects();
    RdmaEventChannel events = RdmaEventChannel.createEventChannel();
    RdmaCmId forgotten = events.createId(RdmaCm.RDMA_PS_TCP);
    events.createId(RdmaCm.RDMA_PS_TCP);
    events.destroyEventChannel();
    assertThrows(VerbsException.class, forgotten::destroyId);
    assertEquals(before, VerbsExtras.openObjects());
  }

  @Test
  void domainInUseStays() throws Exception {
    try (Connection connection = new Connection(address, PAGE)) {
      var pd = connection.client.context.allocPd();
      var region = pd.regMr(connection.client.buffer.address(), PAGE, 0).execute().getMr();
      VerbsException busy = assertThrows(VerbsException.class, pd::deallocPd);
      assertEquals("ibv_dealloc_pd: EBUSY (16) Device or resource busy", busy.getMessage());
      region.deregMr().execute();
    }
  }

  @Test
  void nothingIsLeftBehind() throws Exception {
    new Connection(address, PAGE).close();
    int objects = VerbsExtras.openObjects();
    int descriptors = ProcessFds.read((int) ProcessHandle.current().pid()).size();
    for (int i = 0; i < 20; i++) {
      try (Connection connection = new Connection(address, PAGE)) {
        connection
            .client
            .reads(1, connection.server.buffer.address(), connection.server.region.getRkey(), PAGE)
            .execute();
        if (i % 2 == 0) {
          connection.client.await(1);
        }
      }
    }
    assertEquals(objects, VerbsExtras.openObjects());
    assertEquals(descriptors, ProcessFds.read((int) ProcessHandle.current().pid()).size());
  }

  @Test
  void peerThatIsKilledEndsAllReads() throws Exception {
    Process peer = ChildJava.start(ReadServer.class, address.getHostAddress());
    try (BufferedReader told = peer.inputReader()) {
      String[] words = told.readLine().split(" ");
      RdmaEventChannel events = RdmaEventChannel.createEventChannel();
      RdmaCmId id =
          Connection.resolve(
              events, null, new InetSocketAddress(address, Integer.parseInt(words[0])));
      try (ReadQueue queue = new ReadQueue(id, PAGE)) {
        Connection.connect(id, new byte[0]);
        Connection.expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED);
        SVCPostSend reads =
            queue.reads(8, Long.parseLong(words[1]), Integer.parseInt(words[2]), PAGE);
        reads.execute();
        assertFalse(queue.await(8).stream().anyMatch(status -> status != 0));
        assertEquals(4711, queue.buffer.asByteBuffer().getLong(0));

        peer.destroyForcibly().waitFor();
        reads.execute();
        List<Integer> statuses = queue.await(8);
        assertFalse(
            statuses.contains(IbvWcStatus.IBV_WC_SUCCESS.ordinal()), () -> statuses.toString());
        Connection.expect(events, EventType.RDMA_CM_EVENT_DISCONNECTED);
      }
      events.destroyEventChannel();
    } finally {
      peer.destroyForcibly();
    }
  }
}
