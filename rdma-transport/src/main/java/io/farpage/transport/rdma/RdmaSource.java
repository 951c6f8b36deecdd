package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import io.farpage.linux.NativeBuffer;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/**
 * The source's half of an RDMA session: it waits for the destination's connections, and registers
 * memory for them to read. It takes no part in the reading itself.
 *
 * <p>Whoever connects must say one of the expected greetings. Nothing is registered before all of
 * them have been said, and after that nobody else can connect: no stranger ever shares the
 * protection domain with the guest's memory. Not thread-safe.
 */
public final class RdmaSource implements AutoCloseable {
  private static final int BACKLOG = 8;

  /** Connections that have not said anything; when there are more the oldest is dropped. */
  private static final int MAX_PENDING = 8;

  private static final int EVENT_WAIT_MS = 5;
  private static final byte RETRY_COUNT = 6;

  private final CmEvents events;
  private final RdmaCmId listener;
  private final ProtectionDomain domain;
  private final int port;
  private final byte[][] expected;
  private final QueuePair[] joined;
  private final List<Pending> pending = new ArrayList<>();
  private boolean listening = true;

  /** A connection that has not proved yet that it belongs to the session. */
  private record Pending(QueuePair queuePair, NativeBuffer greeting) {}

  private RdmaSource(
      final CmEvents events,
      final RdmaCmId listener,
      final ProtectionDomain domain,
      final byte[][] expected)
      throws IOException {
    this.events = events;
    this.listener = listener;
    this.domain = domain;
    this.expected = expected.clone();
    joined = new QueuePair[expected.length];
    port = ((InetSocketAddress) listener.getSource()).getPort();
  }

  /**
   * Finds out whether this host has a device with an address, without waiting for anybody.
   *
   * @throws IOException when it has not
   */
  public static void requireDevice(final InetAddress address) throws IOException {
    listen(address, new byte[0][]).close();
  }

  /**
   * Listens on a free port of a device.
   *
   * @param address an IPv4 address that belongs to the device
   * @param greetings what the connections have to say, each once
   * @throws IOException when no device has this address
   */
  public static RdmaSource listen(final InetAddress address, final byte[][] greetings)
      throws IOException {
    Verbs.requireIpv4(address);
    final CmEvents events = CmEvents.open();
    RdmaCmId listener = null;
    ProtectionDomain domain = null;
    try {
      listener = events.newId();
      listener.bindAddr(new InetSocketAddress(address, 0));
      domain = ProtectionDomain.allocate(listener.getVerbs());
      listener.listen(BACKLOG);
      return new RdmaSource(events, listener, domain, greetings);
    } catch (final IOException e) {
      if (domain != null) {
        domain.close();
      }
      if (listener != null) {
        listener.destroyId();
      }
      events.close();
      throw e;
    }
  }

  /** Returns the port it listens on. */
  public int port() {
    return port;
  }

  /**
   * Takes a step towards {@link #isComplete}: waits a few milliseconds for somebody to connect, and
   * looks at what those who have connected say.
   *
   * @throws IOException when the device fails; a peer that does is only dropped
   */
  public void accept() throws IOException {
    try {
      final RdmaCmEvent event = events.next(EVENT_WAIT_MS);
      if (event != null) {
        onEvent(event);
      }
    } catch (final CmEventException e) {
      // of somebody who went away while connecting
      dropIf(queuePair -> e.isAbout(queuePair.id()), e.getMessage());
    }
    for (final Iterator<Pending> i = pending.iterator(); i.hasNext(); ) {
      final Pending peer = i.next();
      try {
        final byte[] greeting = Greeting.receive(peer.queuePair(), peer.greeting());
        if (greeting != null) {
          i.remove();
          join(peer.queuePair(), greeting);
        }
      } catch (final IOException e) {
        i.remove();
        drop(peer.queuePair(), e.getMessage());
      }
    }
  }

  private void onEvent(final RdmaCmEvent event) throws IOException {
    switch (CmEvents.typeOf(event)) {
      case RDMA_CM_EVENT_CONNECT_REQUEST -> answer(event.getConnIdPriv());
      case RDMA_CM_EVENT_DISCONNECTED ->
          dropIf(queuePair -> queuePair.id() == event.getConnIdPriv(), "it hung up");
      case RDMA_CM_EVENT_DEVICE_REMOVAL -> throw new IOException("the RDMA device is gone");
      default -> {
        // ESTABLISHED and the like: the greeting follows
      }
    }
  }

  private void answer(final RdmaCmId id) throws IOException {
    if (pending.size() == MAX_PENDING) {
      drop(pending.remove(0).queuePair(), "too many connect and say nothing");
    }
    final QueuePair queuePair;
    try {
      queuePair = QueuePair.create(id, domain, 1);
    } catch (final IOException e) {
      // above all when the peer has gone away meanwhile
      log(e.getMessage());
      id.destroyId();
      return;
    }
    try {
      final NativeBuffer greeting = Greeting.expect(queuePair, domain);
      final RdmaConnParam parameters = new RdmaConnParam();
      parameters.setRetry_count(RETRY_COUNT);
      parameters.setRnr_retry_count(RETRY_COUNT);
      id.accept(parameters);
      pending.add(new Pending(queuePair, greeting));
    } catch (final IOException e) {
      drop(queuePair, e.getMessage());
    }
  }

  private void join(final QueuePair queuePair, final byte[] greeting) {
    int which = -1;
    for (int i = 0; i < expected.length; i++) {
      // no early exit: the time must not tell how much of a guess was right
      if (MessageDigest.isEqual(expected[i], greeting) && joined[i] == null) {
        which = i;
      }
    }
    if (which < 0) {
      drop(queuePair, "it is not of this session");
    } else {
      joined[which] = queuePair;
    }
  }

  private void dropIf(final Predicate<QueuePair> gone, final String why) {
    pending.removeIf(
        peer -> {
          final boolean dropped = gone.test(peer.queuePair());
          if (dropped) {
            drop(peer.queuePair(), why);
          }
          return dropped;
        });
  }

  private static void drop(final QueuePair queuePair, final String why) {
    log(why);
    queuePair.disconnect();
    queuePair.close();
  }

  private static void log(final String why) {
    System.getLogger(RdmaSource.class.getName())
        .log(System.Logger.Level.WARNING, "RDMA connection dropped: " + why);
  }

  /** Returns whether all expected connections are there. */
  public boolean isComplete() {
    for (final QueuePair queuePair : joined) {
      if (queuePair == null) {
        return false;
      }
    }
    return true;
  }

  /**
   * Registers ranges of memory for the destination to read, in pieces of at most {@link
   * RegistrationPlan#MAX_LENGTH_BYTES}. This allocates what was a hole.
   *
   * @param memory where the regions are mapped, writable: nothing will write there, but older
   *     kernels register no other memory
   * @throws IOException ENOMEM above the limit of locked memory
   * @throws IllegalStateException before {@link #isComplete}
   */
  public List<RemoteExtent> register(final Extents ranges, final LocalMemory memory)
      throws IOException {
    if (!isComplete()) {
      throw new IllegalStateException("nobody has connected");
    }
    stopListening();
    final List<RemoteExtent> extents = new ArrayList<>();
    for (int region = 0; region < ranges.regionCount(); region++) {
      for (int i = 0; i < ranges.count(region); i++) {
        final long end = ranges.endBytes(region, i);
        for (long at = ranges.offsetBytes(region, i); at < end; ) {
          final long length = Math.min(end - at, RegistrationPlan.MAX_LENGTH_BYTES);
          extents.add(register(region, at, (int) length, memory));
          at += length;
        }
      }
    }
    return extents;
  }

  private RemoteExtent register(
      final int region, final long offset, final int length, final LocalMemory memory)
      throws IOException {
    final long address = memory.address(region, offset);
    // writable for this side too, so that the kernel maps page by page and never around a page:
    // whether a page is still the one that was registered can be seen in this process's page table
    final IbvMr registered =
        domain.register(
            address, length, IbvMr.IBV_ACCESS_REMOTE_READ | IbvMr.IBV_ACCESS_LOCAL_WRITE);
    return new RemoteExtent(region, offset, length, address, registered.getRkey());
  }

  /** Returns how many bytes of the guest's memory are registered. */
  public long registeredBytes() {
    return domain.registeredBytes();
  }

  private void stopListening() throws IOException {
    if (listening) {
      listening = false;
      listener.destroyId();
      pending.forEach(peer -> drop(peer.queuePair(), "it said nothing"));
      pending.clear();
    }
  }

  /** Ends the session; from now on the destination's READs fail. */
  @Override
  public void close() {
    try {
      stopListening();
    } catch (final IOException e) {
      Verbs.ignored("closing the listener", e);
    }
    for (final QueuePair queuePair : joined) {
      if (queuePair != null) {
        queuePair.disconnect();
        queuePair.close();
      }
    }
    domain.close();
    events.close();
  }
}
