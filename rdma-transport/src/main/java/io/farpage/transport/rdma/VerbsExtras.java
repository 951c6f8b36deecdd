package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.impl.NatObject;
import java.io.IOException;
import java.util.Optional;

/**
 * What the verbs know and DiSNI does not tell.
 *
 * <p>Every method needs {@link DisniLibrary} loaded, and throws {@link
 * UnsupportedOperationException} when another library is used that does not have it.
 */
public final class VerbsExtras {
  private VerbsExtras() {}

  /**
   * The descriptor that is readable when {@link IbvCompChannel#getCqEvent} finds an event. It does
   * not block, belongs to the channel and must not be closed.
   *
   * @throws VerbsException when the channel was destroyed
   */
  public static int fd(IbvCompChannel channel) throws IOException {
    require();
    return completionChannelFd(number(channel));
  }

  /**
   * The descriptor that is readable when {@link RdmaEventChannel#getCmEvent} finds an event. It
   * does not block, belongs to the channel and must not be closed.
   *
   * @throws VerbsException when the channel was destroyed
   */
  public static int fd(RdmaEventChannel channel) throws IOException {
    require();
    return eventChannelFd(number(channel));
  }

  /**
   * The descriptor that is readable when {@link #nextAsyncEvent} finds an event. It does not block,
   * belongs to the device and must not be closed.
   */
  public static int asyncFd(IbvContext context) throws IOException {
    require();
    return contextAsyncFd(number(context));
  }

  /**
   * Takes the next event of a device that no operation asked for: a port that went down, a queue
   * pair that failed. The device is shared: whoever asks first gets it.
   *
   * @return a phrase for the operator; empty when there is none now
   */
  public static Optional<String> nextAsyncEvent(IbvContext context) throws IOException {
    require();
    return Optional.ofNullable(contextAsyncEvent(number(context)));
  }

  /**
   * Ends all work of a queue pair at once: everything posted completes, with a flush error. Allowed
   * in every state of the connection.
   */
  public static void toError(IbvQP queuePair) throws IOException {
    require();
    queuePairToError(number(queuePair));
  }

  /**
   * The private data that the connecting side sent with its request.
   *
   * @param id the id that came with the request, {@code RdmaCmEvent.getConnIdPriv()}
   * @return at most 56 bytes; more than were sent, as the network pads them with zeros
   */
  public static byte[] requestData(RdmaCmId id) throws IOException {
    require();
    return connectionRequestData(number(id));
  }

  /**
   * Describes the status of a work completion, for example {@code IBV_WC_REM_ACCESS_ERR (10) remote
   * access error}. Works without the library, then with the name only.
   */
  public static String statusText(int status) {
    IbvWC.IbvWcStatus[] known = IbvWC.IbvWcStatus.values();
    String name = status >= 0 && status < known.length ? known[status].name() : "status";
    String text = DisniLibrary.hasExtras() ? " " + completionStatusText(status) : "";
    return name + " (" + status + ")" + text;
  }

  /** How many verbs objects are open in this process: channels, queues, regions, ids, devices. */
  public static int openObjects() {
    require();
    return objectCount();
  }

  /**
   * Asks a device for its limits.
   *
   * @param device its name, for example {@code mlx5_0}
   * @throws VerbsException ENODEV when there is none of that name, EACCES when it may not be opened
   */
  public static RdmaLimits limits(String device) throws IOException {
    require();
    long[] limits = query(device, 0);
    return new RdmaLimits(
        (int) limits[0],
        (int) limits[1],
        limits[2],
        (int) limits[3],
        (int) limits[4],
        (int) limits[5],
        (int) limits[6],
        (int) limits[7]);
  }

  /**
   * Asks a port for its MTU.
   *
   * @param device the device's name
   * @param port the port's number, from 1
   * @throws VerbsException ENODEV, EACCES as for {@link #limits}, EINVAL when it has no such port
   */
  public static RdmaMtu mtu(String device, int port) throws IOException {
    require();
    if (port < 1 || port > 255) {
      throw new IllegalArgumentException("port " + port);
    }
    long[] mtus = query(device, port);
    return new RdmaMtu((int) mtus[0], (int) mtus[1]);
  }

  private static void require() {
    if (!DisniLibrary.hasExtras()) {
      throw new UnsupportedOperationException(
          DisniLibrary.describe() + "; this needs the libdisni that comes with Farpage");
    }
  }

  private static long number(Object object) {
    return ((NatObject) object).getObjId();
  }

  private static native int completionChannelFd(long channel) throws IOException;

  private static native int eventChannelFd(long channel) throws IOException;

  private static native int contextAsyncFd(long context) throws IOException;

  private static native String contextAsyncEvent(long context) throws IOException;

  private static native void queuePairToError(long queuePair) throws IOException;

  private static native byte[] connectionRequestData(long id) throws IOException;

  private static native String completionStatusText(int status);

  private static native int objectCount();

  private static native long[] query(String device, int port) throws IOException;
}
