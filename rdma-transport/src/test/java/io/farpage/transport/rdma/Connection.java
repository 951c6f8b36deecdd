package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.farpage.linux.NativeBuffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Two connected queues in one process: the client reads the server's buffer, and the reverse. */
final class Connection implements AutoCloseable {
  static final int TIMEOUT_MS = 20_000;
  static final byte RETRIES = 2;

  final RdmaEventChannel serverEvents = RdmaEventChannel.createEventChannel();
  final RdmaEventChannel clientEvents = RdmaEventChannel.createEventChannel();
  final RdmaCmId listener = serverEvents.createId(RdmaCm.RDMA_PS_TCP);
  final ReadQueue client;
  final ReadQueue server;

  Connection(InetAddress address, int bufferBytes) throws Exception {
    this(address, bufferBytes, new byte[0]);
  }

  Connection(InetAddress address, int bufferBytes, byte[] greeting) throws Exception {
    listener.bindAddr(new InetSocketAddress(address, 0));
    listener.listen(1);
    client = new ReadQueue(resolve(clientEvents, address, listener.getSource()), bufferBytes);
    connect(client.id, greeting);
    RdmaCmEvent request = expect(serverEvents, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
    server = new ReadQueue(request.getConnIdPriv(), bufferBytes);
    server.id.accept(parameters());
    expect(clientEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
    expect(serverEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
  }

  static RdmaCmId resolve(
      RdmaEventChannel events, InetAddress from, java.net.SocketAddress destination)
      throws IOException {
    RdmaCmId id = events.createId(RdmaCm.RDMA_PS_TCP);
    if (from != null) {
      id.bindAddr(new InetSocketAddress(from, 0));
    }
    id.resolveAddr(null, destination, TIMEOUT_MS);
    expect(events, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
    id.resolveRoute(TIMEOUT_MS);
    expect(events, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
    return id;
  }

  static void connect(RdmaCmId id, byte[] greeting) throws IOException {
    try (NativeBuffer data = NativeBuffer.allocate(64)) {
      data.asByteBuffer().put(greeting);
      RdmaConnParam parameters = parameters();
      parameters.setPrivate_data(data.address());
      parameters.setPrivate_data_len((byte) greeting.length);
      id.connect(parameters);
    }
  }

  static RdmaConnParam parameters() throws IOException {
    RdmaConnParam parameters = new RdmaConnParam();
    parameters.setRetry_count(RETRIES);
    parameters.setRnr_retry_count((byte) 7);
    return parameters;
  }

  static RdmaCmEvent expect(RdmaEventChannel events, EventType type) throws IOException {
    RdmaCmEvent event = events.getCmEvent(TIMEOUT_MS);
    assertNotNull(event, "no " + type + " came");
    assertEquals(type, EventType.values()[event.getEvent()]);
    event.ackEvent();
    return event;
  }

  @Override
  public void close() {
    client.close();
    server.close();
    try {
      listener.destroyId();
      clientEvents.destroyEventChannel();
      serverEvents.destroyEventChannel();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
