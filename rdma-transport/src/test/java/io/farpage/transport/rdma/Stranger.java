package io.farpage.transport.rdma;

import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;

/** A connection to a source that need not keep to what a destination does. */
final class Stranger implements AutoCloseable {
  private static final int TIMEOUT_MS = 60_000;

  private final CmEvents events;
  private final ProtectionDomain domain;
  private final QueuePair queuePair;
  private boolean hungUpOn;
  private boolean closed;

  private Stranger(
      final CmEvents events, final ProtectionDomain domain, final QueuePair queuePair) {
    this.events = events;
    this.domain = domain;
    this.queuePair = queuePair;
  }

  /** Asks for a connection, and does not wait for the answer. */
  static Stranger request(final InetSocketAddress source) throws IOException {
    final CmEvents events = CmEvents.open();
    final RdmaCmId id = events.newId();
    id.resolveAddr(null, source, TIMEOUT_MS);
    events.await(EventType.RDMA_CM_EVENT_ADDR_RESOLVED, TIMEOUT_MS);
    id.resolveRoute(TIMEOUT_MS);
    events.await(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED, TIMEOUT_MS);
    final ProtectionDomain domain = ProtectionDomain.allocate(id.getVerbs());
    final Stranger stranger = new Stranger(events, domain, QueuePair.create(id, domain, 4));
    id.connect(Connection.parameters());
    return stranger;
  }

  /** Connects. */
  static Stranger connect(final InetSocketAddress source) throws IOException {
    final Stranger stranger = request(source);
    try {
      stranger.events.await(EventType.RDMA_CM_EVENT_ESTABLISHED, TIMEOUT_MS);
      return stranger;
    } catch (final IOException e) {
      stranger.close();
      throw e;
    }
  }

  /** Sends a message of any length, and waits until it has arrived. */
  void say(final byte[] message) throws IOException {
    final ProtectionDomain.Buffer buffer = domain.newBuffer(message.length);
    buffer.memory().asByteBuffer().put(0, message);
    queuePair.postSend(buffer.memory().address(), message.length, buffer.lkey());
    final long deadline = System.nanoTime() + TIMEOUT_MS * 1_000_000L;
    while (queuePair.poll() == 0) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("no answer to " + Arrays.toString(message));
      }
    }
    if (queuePair.completion(0).getStatus() != 0) {
      throw new IOException(VerbsExtras.statusText(queuePair.completion(0).getStatus()));
    }
  }

  private boolean isHungUpOn(final int timeoutMs) throws IOException {
    if (!hungUpOn) {
      final RdmaCmEvent event = events.next(timeoutMs);
      hungUpOn = event != null && CmEvents.typeOf(event) == EventType.RDMA_CM_EVENT_DISCONNECTED;
    }
    return hungUpOn;
  }

  /** Returns whether the source has ended the connection. */
  boolean isHungUpOn() throws IOException {
    return isHungUpOn(0);
  }

  /** Waits until the source ends the connection. */
  void requireHungUpOn() throws IOException {
    if (!isHungUpOn(TIMEOUT_MS)) {
      throw new AssertionError("the source does not hang up");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      queuePair.disconnect();
      queuePair.close();
      domain.close();
      events.close();
    }
  }
}
