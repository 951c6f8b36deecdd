package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The destination's half of an RDMA session: two connections to the source, one for demand and one
 * for bulk, and this side's memory registered as the source's is.
 *
 * <p>Not thread-safe; the lanes that it gives routes to may belong to other threads.
 */
public final class RdmaDestination implements AutoCloseable {
  /** Between the loss of an answer and giving up the connection: about four seconds on rxe. */
  private static final byte RETRY_COUNT = 6;

  /** A source that refuses says so; this is for one that is slow. */
  private static final int TIMEOUT_MS = 60_000;

  private static final long RELEASE_TIMEOUT_NS = 10_000_000_000L;

  private final List<CmEvents> channels = new ArrayList<>();
  private final List<QueuePair> queuePairs = new ArrayList<>();
  private final List<RdmaPageLane> lanes = new ArrayList<>();
  private final List<ReadableExtent> extents = new ArrayList<>();
  private final CompletionMode completions;
  private ProtectionDomain domain;
  private InetAddress local;
  private long spinNs;
  private boolean aborted;

  private RdmaDestination(final CompletionMode completions) {
    this.completions = completions;
  }

  /**
   * Finds out whether this host has a device with a way to an address, without connecting.
   *
   * @throws IOException when it has not; the message says why
   */
  public static void requireRoute(final InetSocketAddress source) throws IOException {
    try (CmEvents events = CmEvents.open()) {
      final RdmaCmId id = events.newId();
      try {
        resolve(events, id, source);
      } finally {
        id.destroyId();
      }
    }
  }

  /**
   * Connects to a source that listens.
   *
   * @param source the address and port of the source's device
   * @param greetings what each connection says first, the demand connection's and the bulk
   *     connection's: each proves that it belongs to the session
   * @param depths how many READs each can have in flight
   * @param completions how the lanes wait for them
   * @throws IOException when there is no device, no route, or the source refuses
   */
  public static RdmaDestination connect(
      final InetSocketAddress source,
      final byte[][] greetings,
      final int[] depths,
      final CompletionMode completions)
      throws IOException {
    final RdmaDestination session = new RdmaDestination(completions);
    try {
      for (int i = 0; i < greetings.length; i++) {
        session.connect(source, greetings[i], depths[i]);
      }
      return session;
    } catch (final IOException e) {
      session.close();
      throw e;
    }
  }

  private static void resolve(
      final CmEvents events, final RdmaCmId id, final InetSocketAddress source) throws IOException {
    Verbs.requireIpv4(source.getAddress());
    id.resolveAddr(null, source, TIMEOUT_MS);
    events.await(EventType.RDMA_CM_EVENT_ADDR_RESOLVED, TIMEOUT_MS);
    id.resolveRoute(TIMEOUT_MS);
    events.await(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED, TIMEOUT_MS);
  }

  private void connect(final InetSocketAddress source, final byte[] greeting, final int depth)
      throws IOException {
    final CmEvents events = CmEvents.open();
    channels.add(events);
    final RdmaCmId id = events.newId();
    final QueuePair queuePair;
    try {
      resolve(events, id, source);
      if (domain == null) {
        domain = ProtectionDomain.allocate(id.getVerbs());
        spinNs = spinNs(id);
      }
      queuePair = QueuePair.create(id, domain, depth);
    } catch (final IOException e) {
      id.destroyId();
      throw e;
    }
    queuePairs.add(queuePair);
    final RdmaConnParam parameters = new RdmaConnParam();
    parameters.setRetry_count(RETRY_COUNT);
    parameters.setRnr_retry_count(RETRY_COUNT);
    id.connect(parameters);
    events.await(EventType.RDMA_CM_EVENT_ESTABLISHED, TIMEOUT_MS);
    Greeting.send(queuePair, domain, greeting, TIMEOUT_MS);
  }

  private long spinNs(final RdmaCmId id) throws IOException {
    local = ((InetSocketAddress) id.getSource()).getAddress();
    if (!DisniLibrary.hasExtras()) {
      return CompletionMode.POLLING.spinNs(false); // there is nothing to wait on
    }
    return completions.spinNs(RdmaDevices.serving(local).map(RdmaDevice::isSoftware).orElse(false));
  }

  /** Lets the lanes read with this session, the first one on the demand connection. */
  public void attach(final List<RdmaPageLane> attached) {
    lanes.addAll(attached);
  }

  /**
   * Registers this side's memory for the ranges of the source; they can be read after {@link
   * #publish}. This allocates the memory.
   *
   * @throws IOException ENOMEM above the limit of locked memory
   */
  public void register(final List<RemoteExtent> remote, final LocalMemory memory)
      throws IOException {
    for (final RemoteExtent extent : remote) {
      if (!memory.contains(extent.region(), extent.offsetBytes(), extent.lengthBytes())
          || extent.lengthBytes() > RegistrationPlan.MAX_LENGTH_BYTES) {
        throw new IOException("the source offers memory outside of the guest's RAM");
      }
      final IbvMr region =
          domain.register(
              memory.address(extent.region(), extent.offsetBytes()),
              (int) extent.lengthBytes(),
              IbvMr.IBV_ACCESS_LOCAL_WRITE);
      extents.add(new ReadableExtent(extent, region.getLkey()));
    }
  }

  /** Takes ranges out: what the source has registered there is not the guest's memory any more. */
  public void discard(final Extents stale) {
    final List<ReadableExtent> kept = new ArrayList<>();
    for (final ReadableExtent extent : extents) {
      final Extents whole = new Extents(stale.regionCount());
      final int region = extent.remote().region();
      whole.add(region, extent.remote().offsetBytes(), extent.remote().lengthBytes());
      final Extents rest = whole.minus(stale);
      for (int i = 0; i < rest.count(region); i++) {
        kept.add(extent.part(rest.offsetBytes(region, i), rest.endBytes(region, i)));
      }
    }
    extents.clear();
    extents.addAll(kept);
  }

  /**
   * Reads a little over both connections, into memory of no consequence, before a guest depends on
   * it; before {@link #publish}.
   *
   * @throws IOException when that fails
   */
  public void rehearse() throws IOException {
    if (!extents.isEmpty()) {
      LaneRehearsal.run(queuePairs, domain, extents.get(0).remote());
    }
  }

  /** Lets the lanes read whatever is registered now. */
  public void publish() {
    final ExtentTable table = new ExtentTable(extents);
    for (int i = 0; i < lanes.size(); i++) {
      lanes.get(i).offer(new Route(queuePairs.get(i), table, spinNs));
    }
  }

  /**
   * Lets only the lanes for bulk read whatever is registered now: the guest still runs, and what is
   * read may not be its memory any more.
   *
   * @param firstBulkLane the number of the first of them; they are the last
   */
  public void publishProvisionally(final int firstBulkLane) {
    for (int i = firstBulkLane; i < lanes.size(); i++) {
      lanes.get(i).offer(new Route(queuePairs.get(i), new ExtentTable(extents), spinNs));
    }
  }

  /** Lets no lane begin a READ until the next {@link #publish}. */
  public void withdraw() {
    for (int i = 0; i < lanes.size(); i++) {
      lanes.get(i).offer(new Route(queuePairs.get(i), ExtentTable.EMPTY, spinNs));
    }
  }

  /** Returns the device that reads, and its address, for people. */
  public String device() throws IOException {
    return RdmaDevices.serving(local).map(RdmaDevice::name).orElse("a device")
        + " at "
        + local.getHostAddress();
  }

  /** Returns how many bytes of this side's memory are registered. */
  public long registeredBytes() {
    return domain.registeredBytes();
  }

  private boolean isReleased() {
    for (int i = 0; i < lanes.size(); i++) {
      if (!lanes.get(i).hasReleased(queuePairs.get(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Ends all reading, and waits until the lanes have let go of this session. The source does not
   * hear of it before {@link #close}, for which the link should be up.
   */
  public void abort() {
    aborted = true;
    lanes.forEach(lane -> lane.offer(Route.NONE));
    queuePairs.forEach(QueuePair::abort);
    final long deadline = System.nanoTime() + RELEASE_TIMEOUT_NS;
    while (!isReleased() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Ends the session, once the lanes have let go of it. */
  @Override
  public void close() {
    if (!aborted) {
      abort();
    }
    if (!isReleased()) {
      return; // a lane that nobody polls: freed with the process
    }
    queuePairs.forEach(QueuePair::disconnect);
    queuePairs.forEach(QueuePair::close);
    if (domain != null) {
      domain.close();
    }
    channels.forEach(CmEvents::close);
  }
}
