package io.farpage.transport.rdma;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;

/** A channel of connection events of rdma_cm, and the identifiers whose events come there. */
final class CmEvents implements AutoCloseable {
  private static final EventType[] TYPES = EventType.values();

  private final RdmaEventChannel channel;

  private CmEvents(final RdmaEventChannel channel) {
    this.channel = channel;
  }

  static CmEvents open() throws IOException {
    DisniLibrary.load();
    final RdmaEventChannel channel = RdmaEventChannel.createEventChannel();
    if (channel == null) {
      throw new IOException("rdma_create_event_channel failed: is the module rdma_ucm loaded?");
    }
    return new CmEvents(channel);
  }

  /** Creates an identifier for a reliable connection. */
  RdmaCmId newId() throws IOException {
    final RdmaCmId id = channel.createId(RdmaCm.RDMA_PS_TCP);
    if (id == null) {
      throw new IOException("rdma_create_id failed");
    }
    return id;
  }

  /**
   * Waits for the next event.
   *
   * @return the event, acknowledged already, or null when none came in time
   */
  RdmaCmEvent next(final int timeoutMs) throws IOException {
    final RdmaCmEvent event = channel.getCmEvent(timeoutMs);
    if (event != null) {
      event.ackEvent();
    }
    return event;
  }

  /**
   * Waits for an event that must come next.
   *
   * @throws IOException when another one comes, or none in time
   */
  void await(final EventType wanted, final int timeoutMs) throws IOException {
    final RdmaCmEvent event = next(timeoutMs);
    if (event == null) {
      throw new IOException("no " + wanted + " within " + timeoutMs + " ms");
    }
    if (event.getEvent() != wanted.ordinal()) {
      throw new IOException(typeOf(event) + " instead of " + wanted);
    }
  }

  static EventType typeOf(final RdmaCmEvent event) {
    return TYPES[event.getEvent()];
  }

  @Override
  public void close() {
    try {
      channel.destroyEventChannel();
    } catch (final IOException e) {
      Verbs.ignored("destroying an event channel", e);
    }
  }
}
