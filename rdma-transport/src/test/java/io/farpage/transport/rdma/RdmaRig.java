package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Function;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.transport.Extents;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.ReadListener;
import io.farpage.transport.tcp.LaneSocket;
import io.farpage.transport.tcp.TcpPageLane;
import io.farpage.transport.tcp.TcpPageServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;

/**
 * A source and a destination in this process: RAM on both sides, the source's full of random bytes,
 * and lanes between the two that read over a real device, or else through sockets.
 *
 * <p>All methods belong to the thread that polls the lanes.
 */
public final class RdmaRig implements AutoCloseable {
  /** The length of a page in bytes. */
  public static final int PAGE = 4096;

  private static final long TIMEOUT_NS = 120_000_000_000L;
  private static final int PROT_NONE = 0;
  private static final ReadListener IGNORED = (region, offset, length, cookie) -> {};

  private final InetAddress address;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final List<Session> sessions = new ArrayList<>();
  private final List<RdmaPageLane> lanes = new ArrayList<>();
  private final List<TcpPageServer> servers = new ArrayList<>();
  private final List<String> breaks = Collections.synchronizedList(new ArrayList<>());
  private final RamFile[] sourceFiles;
  private final RamFile[] destinationFiles;
  private final RamFile[] seenFiles;
  private final LocalMemory source;
  private final LocalMemory destination;
  private final int depth;

  /**
   * Makes memory and lanes that read without RDMA yet.
   *
   * @param address of this host's device
   * @param laneCount how many lanes
   * @param maxReadsInFlight of each lane, a power of two
   * @param maxBytesInFlight of each lane
   * @param sizes of the regions, in bytes
   */
  public RdmaRig(
      final InetAddress address,
      final int laneCount,
      final int maxReadsInFlight,
      final long maxBytesInFlight,
      final int... sizes)
      throws IOException {
    this.address = address;
    depth = maxReadsInFlight;
    sourceFiles = new RamFile[sizes.length];
    destinationFiles = new RamFile[sizes.length];
    seenFiles = new RamFile[sizes.length];
    final Random random = new Random(42);
    for (int region = 0; region < sizes.length; region++) {
      sourceFiles[region] = file(sizes[region]);
      destinationFiles[region] = file(sizes[region]);
      seenFiles[region] = again(destinationFiles[region]);
      final byte[] content = new byte[sizes[region]];
      random.nextBytes(content);
      bytesOf(sourceFiles[region]).put(content);
    }
    source = memory(sourceFiles);
    destination = memory(destinationFiles);
    for (int i = 0; i < laneCount; i++) {
      addLane(maxReadsInFlight, maxBytesInFlight);
    }
  }

  private RamFile file(final int size) throws IOException {
    return open(RamFile.adopt(MemFd.create("rig", size), true));
  }

  /** Opens a file once more, so that it can be mapped at a second place. */
  public RamFile again(final RamFile file) throws IOException {
    return open(RamFile.open(Path.of("/proc/self/fd/" + file.fd()), true));
  }

  private static LocalMemory memory(final RamFile[] files) throws IOException {
    final long[] addresses = new long[files.length];
    final long[] lengths = new long[files.length];
    for (int i = 0; i < files.length; i++) {
      addresses[i] = files[i].map();
      lengths[i] = files[i].sizeBytes();
    }
    return new LocalMemory(addresses, lengths);
  }

  private void addLane(final int maxReads, final long maxBytes) throws IOException {
    final int[] pair = SocketIo.pair();
    final TcpPageServer server = open(new TcpPageServer(LaneUse.DEMAND, socket(pair[0]), source));
    server.start();
    servers.add(server);
    lanes.add(
        new RdmaPageLane(
            new TcpPageLane(socket(pair[1]), destination, maxReads, maxBytes),
            destination,
            maxReads,
            maxBytes,
            breaks::add));
  }

  private static LaneSocket socket(final int fd) {
    return LaneSocket.of(() -> SocketIo.close(fd), fd);
  }

  private <T extends AutoCloseable> T open(final T resource) {
    opened.push(resource);
    return resource;
  }

  /** Returns a lane. */
  public RdmaPageLane lane(final int index) {
    return lanes.get(index);
  }

  /** Returns the source's RAM. */
  public LocalMemory source() {
    return source;
  }

  /** Returns a RAM file of the source. */
  public RamFile sourceFile(final int region) {
    return sourceFiles[region];
  }

  /** Returns the destination's RAM, as the lanes write to it. */
  public LocalMemory destination() {
    return destination;
  }

  /** Returns a RAM file of the destination. */
  public RamFile destinationFile(final int region) {
    return destinationFiles[region];
  }

  /** Returns what the lanes said when they broke. */
  public List<String> breaks() {
    return List.copyOf(breaks);
  }

  /** Returns how many bytes have gone over the other way. */
  public long otherBytes() {
    return servers.stream().mapToLong(TcpPageServer::sentBytes).sum();
  }

  /** Takes all access to the mapping that the lanes write to away from the processor. */
  public void hideDestination() {
    for (int i = 0; i < destinationFiles.length; i++) {
      final Object[] arguments = {
        new Pointer(destination.address(i, 0)),
        new NativeLong(destination.lengthBytes(i)),
        PROT_NONE
      };
      assertEquals(0, Function.getFunction("c", "mprotect").invokeInt(arguments));
    }
  }

  /** Returns a range, in bytes, of one region. */
  public static Extents range(
      final int regionCount, final int region, final long offset, final long length) {
    final Extents extents = new Extents(regionCount);
    extents.add(region, offset, length);
    return extents;
  }

  /** Returns so many pages of region 0. */
  public Extents pages(final int first, final int count) {
    return range(sourceFiles.length, 0, (long) first * PAGE, (long) count * PAGE);
  }

  /** Returns a view of the source's bytes. */
  public ByteBuffer sourceBytes(final int region) throws IOException {
    return bytesOf(sourceFiles[region]);
  }

  /** Returns a view of the destination's bytes, not through the mapping that lanes write to. */
  public ByteBuffer seenBytes(final int region) throws IOException {
    return bytesOf(seenFiles[region]);
  }

  private static ByteBuffer bytesOf(final RamFile file) throws IOException {
    return new Pointer(file.map()).getByteBuffer(0, file.sizeBytes());
  }

  /** Requires that a range has arrived. */
  public void requireArrived(final int region, final int offset, final int length)
      throws IOException {
    assertEquals(
        sourceBytes(region).slice(offset, length),
        seenBytes(region).slice(offset, length),
        () -> length + " bytes at " + offset);
  }

  /** The two halves of a session. */
  public final class Session implements AutoCloseable {
    private final RdmaSource far;
    private final RdmaDestination near;

    private Session(final RdmaSource far, final RdmaDestination near) {
      this.far = far;
      this.near = near;
      near.attach(lanes);
    }

    /** Returns the source's half. */
    public RdmaSource source() {
      return far;
    }

    /** Returns the destination's half. */
    public RdmaDestination destination() {
      return near;
    }

    /** Registers ranges on both sides; {@link RdmaDestination#publish} is up to the caller. */
    public List<RemoteExtent> register(final Extents ranges) throws IOException {
      final List<RemoteExtent> extents = far.register(ranges, source);
      near.register(extents, RdmaRig.this.destination);
      return extents;
    }

    /** Registers ranges on both sides, and has the lanes read them with RDMA. */
    public void share(final Extents ranges) throws IOException {
      register(ranges);
      publish();
    }

    /** Has the lanes read what is registered with RDMA, from the next poll on. */
    public void publish() throws IOException {
      near.publish();
      pollAll(IGNORED);
    }

    /** Ends the destination's half while the lanes are polled, and then the source's. */
    @Override
    public void close() throws IOException {
      close(IGNORED);
    }

    /** The same, with somebody who hears of reads. */
    public void close(final ReadListener listener) throws IOException {
      if (sessions.remove(this)) {
        closeWhilePolling(near, listener);
        far.close();
      }
    }
  }

  /** Makes a session that nothing is registered in. */
  public Session connect() throws IOException {
    final byte[][] greetings = greetings(lanes.size());
    final RdmaSource far = RdmaSource.listen(address, greetings);
    final RdmaDestination near;
    try (Acceptor acceptor = Acceptor.start(far)) {
      near = connect(new InetSocketAddress(address, far.port()), greetings);
      acceptor.await();
    } catch (final IOException | RuntimeException e) {
      far.close();
      throw e;
    }
    final Session session = new Session(far, near);
    sessions.add(session);
    return session;
  }

  /** Connects the destination's half of a session to a source somewhere. */
  RdmaDestination connect(final InetSocketAddress to, final byte[][] greetings) throws IOException {
    final int[] depths = new int[greetings.length];
    Arrays.fill(depths, depth);
    return RdmaDestination.connect(to, greetings, depths, CompletionMode.EVENTS);
  }

  /** Returns so many different greetings. */
  static byte[][] greetings(final int count) {
    final byte[][] greetings = new byte[count][Greeting.LENGTH_BYTES];
    new Random(count).nextBytes(greetings[0]);
    for (int i = 1; i < count; i++) {
      greetings[i] = greetings[0].clone();
      greetings[i][0] += (byte) i;
    }
    return greetings;
  }

  /** Ends a destination's half while the lanes are polled, as the daemon's agents do. */
  void closeWhilePolling(final RdmaDestination near, final ReadListener listener)
      throws IOException {
    final Thread closing = new Thread(near::close, "closing");
    closing.start();
    awaitPolling(listener, "the lanes do not let go", () -> !closing.isAlive());
  }

  private int pollAll(final ReadListener listener) throws IOException {
    int work = 0;
    for (final RdmaPageLane lane : lanes) {
      work += lane.poll(listener);
    }
    return work;
  }

  private void awaitPolling(
      final ReadListener listener, final String otherwise, final BooleanSupplier condition)
      throws IOException {
    final long deadline = System.nanoTime() + TIMEOUT_NS;
    while (!condition.getAsBoolean()) {
      if (pollAll(listener) == 0) {
        Thread.yield();
      }
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError(otherwise);
      }
    }
  }

  /** Polls all lanes until nothing is in flight. */
  public void drain(final ReadListener listener) throws IOException {
    awaitPolling(
        listener,
        "reads are still in flight",
        () -> lanes.stream().allMatch(lane -> lane.readsInFlight() == 0));
  }

  /** Closes the lanes, which lets go of all sessions, then those, and the memory last. */
  @Override
  public void close() throws Exception {
    lanes.forEach(RdmaPageLane::close);
    lanes.clear();
    for (final Session session : List.copyOf(sessions)) {
      session.close();
    }
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }
}
