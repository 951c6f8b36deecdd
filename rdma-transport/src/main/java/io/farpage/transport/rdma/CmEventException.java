package io.farpage.transport.rdma;

import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.impl.NatObject;
import java.io.IOException;

/**
 * An event that ends a connection before it began, for example {@code RDMA_CM_EVENT_REJECTED:
 * nobody listens at this address and port (8)}.
 *
 * <p>Thrown instead of being returned, because DiSNI's event has no status. These events are
 * ADDR_ERROR, ROUTE_ERROR, CONNECT_ERROR, UNREACHABLE, REJECTED, and any other that brings an
 * error, except DISCONNECTED, TIMEWAIT_EXIT, DEVICE_REMOVAL and ADDR_CHANGE.
 */
public final class CmEventException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int event;
  private final int status;
  private final long idNumber;

  /**
   * Describes an event.
   *
   * @param message the event's name and status
   * @param event the ordinal of {@link RdmaCmEvent.EventType}
   * @param status a negative errno, or the reason of a rejection as InfiniBand numbers it
   * @param idNumber the object number of the connection's id
   */
  public CmEventException(String message, int event, int status, long idNumber) {
    super(message);
    this.event = event;
    this.status = status;
    this.idNumber = idNumber;
  }

  /** The event. */
  public RdmaCmEvent.EventType event() {
    return RdmaCmEvent.EventType.values()[event];
  }

  /** A negative errno, or the reason of a rejection as InfiniBand numbers it. */
  public int status() {
    return status;
  }

  /** Whether the event is about that connection: an event channel can serve many. */
  public boolean isAbout(RdmaCmId id) {
    return id instanceof NatObject object && object.getObjId() == idNumber;
  }
}
