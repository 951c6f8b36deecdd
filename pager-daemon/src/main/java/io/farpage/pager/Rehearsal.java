package io.farpage.pager;

import io.farpage.linux.MemFd;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.AdaptivePolicy;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.tcp.LaneSocket;
import io.farpage.transport.tcp.TcpPageLane;
import io.farpage.transport.tcp.TcpPageServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.SystemNanoClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the hot path on scratch memory of this process, before a guest depends on it.
 *
 * <p>What Java does with new code (interpret, initialise classes, link call sites, compile) takes
 * time and heap. After the rehearsal the first real fault finds that done.
 *
 * <p>The threads that play the guest touch the scratch memory by system calls only: a Java thread
 * that waited for a page in compiled code would hold up every safepoint, and with it the agents.
 */
public final class Rehearsal implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);
  private static final int PAGES = 2048;
  private static final int HOLES_FROM = PAGES * 7 / 8;
  private static final int GUESTS = 4;
  private static final int MAX_SHARDS = 4;

  // the first compiler, which java.options stops at, takes a method after some 200 calls
  private static final int FAULT_ROUNDS = 2;
  private static final int ALONE_ROUNDS = 1;
  private static final int IDLE_CYCLES = 1000;
  private static final int LATENCIES = 10_000;
  private static final int PAGE_BYTES = 4096;
  private static final long LENGTH_BYTES = (long) PAGES * PAGE_BYTES;
  private static final long PREFETCH_BYTES_PER_SECOND = 256 << 20;
  private static final long TIMEOUT_MS = 10_000;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final PageSpace space = new PageSpace(new long[] {LENGTH_BYTES}, new long[] {PAGE_BYTES});
  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private final RamFile file;
  private final long guestAddress;
  private final List<Userfaultfd> userfaultfds = new ArrayList<>();
  private final PagerContext context;
  private final Pager pager;

  private Rehearsal(final int shards) throws IOException {
    try {
      file = open(scratch());
      guestAddress = open(RamFile.open(Path.of("/proc/self/fd/" + file.fd()), true)).map();
      final GuestRegions regions = new GuestRegions(space, new long[] {guestAddress});
      final FaultStripes stripes = new FaultStripes(regions, shards);
      final LocalMemory source = memoryOf(open(scratch()));
      final List<PageLane> demandLanes = new ArrayList<>();
      for (int shard = 0; shard < shards; shard++) {
        userfaultfds.add(newUserfaultfd());
        demandLanes.add(newLane(source, 1));
      }
      stripes.forEach(
          (shard, address, length) ->
              userfaultfds
                  .get(shard)
                  .register(
                      address, length, UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR));
      final PageOrigins origins = new PageOrigins(PAGES);
      origins.addData(0, HOLES_FROM);
      origins.complete();
      context =
          new PagerContext()
              .userfaultfds(stripes, userfaultfds)
              .regions(regions)
              .files(new RamFile[] {file})
              .map(map)
              .origins(origins)
              .demandLanes(demandLanes)
              .bulkLane(newLane(source, 16))
              .policy(new AdaptivePolicy(new MissingPages(space, map, origins), null, null))
              .prefetchLimit(
                  new BandwidthLimit(PREFETCH_BYTES_PER_SECOND, SystemNanoClock.INSTANCE))
              .chunkBytes(PAGE_BYTES)
              .conclude();
      pager = open(new Pager(context, cause -> failure.compareAndSet(null, cause)));
    } catch (final IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Rehearses; where this process may not have such a userfaultfd, nothing happens.
   *
   * @param demandAgents how many there will be; not all play when the scratch memory has no stripe
   *     for some
   */
  public static void run(final int demandAgents) {
    final long begun = System.nanoTime();
    try {
      rehearse(Math.min(demandAgents, MAX_SHARDS));
      LOG.debug("rehearsed in {} ms", (System.nanoTime() - begun) / 1_000_000);
    } catch (final IOException e) {
      LOG.warn("the first faults will be slow: {}", e.getMessage());
    }
  }

  private static void rehearse(final int shards) throws IOException {
    recordLatencies();
    for (int round = 0; round < FAULT_ROUNDS; round++) {
      try (Rehearsal rehearsal = new Rehearsal(shards)) {
        rehearsal.playFaults();
      }
    }
    for (int round = 0; round < ALONE_ROUNDS; round++) {
      try (Rehearsal rehearsal = new Rehearsal(shards)) {
        rehearsal.playAlone();
      }
    }
  }

  /** The histogram's turn in a fault is the last and the shortest: it gets its calls beforehand. */
  private static void recordLatencies() {
    final Histogram latencyNs = PagerContext.newLatencyHistogram();
    for (int i = 0; i < LATENCIES; i++) {
      latencyNs.recordValue(i);
    }
  }

  /** First demand alone, on data and on holes; then against the prefetcher. */
  private void playFaults() throws IOException {
    pager.start();
    pager.arm();
    touchWhileInFlight();
    touch(1, 4);
    touch(2, 4);
    touch(3, 4);
    answerTwice();
    pager.prefetch();
    touch(0, 4);
    giveBack();
    touch(0, 16);
    requireNoFailure();
  }

  /** The agents on this thread, without a guest: until all is fetched, and then in vain. */
  private void playAlone() throws IOException {
    final PrefetchAgent prefetch = new PrefetchAgent(context);
    final DemandAgent demand = new DemandAgent(context, prefetch.feeds(), 0);
    prefetch.begin();
    await(
        "the prefetcher",
        () -> {
          for (int i = 0; i < IDLE_CYCLES; i++) {
            demand.doWork();
            prefetch.doWork();
          }
          return prefetch.isDrained();
        });
    try (WaitingIdleStrategy idle =
        new WaitingIdleStrategy(
            userfaultfds.get(0).fd(), context.demandLane(0), () -> 0, demand::spinNs)) {
      for (int i = 0; i < IDLE_CYCLES; i++) {
        idle.idle(0);
      }
    }
  }

  private void requireNoFailure() throws IOException {
    if (failure.get() != null) {
      throw new IOException("the rehearsal failed: " + failure.get(), failure.get());
    }
  }

  /** Every page from {@code first} on in steps, by several guests at once. */
  private void touch(final int first, final int step) throws IOException {
    final Thread[] guests = new Thread[GUESTS];
    for (int i = 0; i < GUESTS; i++) {
      final int start = first + i * step;
      guests[i] = startGuest(start, GUESTS * step);
    }
    join(guests);
  }

  private Thread startGuest(final int first, final int step) {
    final Thread guest = new Thread(() -> runGuest(first, step), "rehearsal");
    guest.setDaemon(true);
    guest.start();
    return guest;
  }

  private void runGuest(final int first, final int step) {
    try (NativeBuffer sink = NativeBuffer.allocate(1)) {
      final int[] pair = SocketIo.pair();
      for (int page = first; page < PAGES; page += step) {
        SocketIo.send(pair[0], guestAddress + (long) page * PAGE_BYTES, 1, SocketIo.MSG_NOSIGNAL);
        SocketIo.recv(pair[1], sink.address(), 1, 0);
      }
      SocketIo.close(pair[0]);
      SocketIo.close(pair[1]);
    } catch (final IOException e) {
      failure.compareAndSet(null, e);
    }
  }

  private void join(final Thread... guests) throws IOException {
    final long deadline = System.nanoTime() + TIMEOUT_MS * 1_000_000;
    for (final Thread guest : guests) {
      try {
        guest.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
      } catch (final InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (guest.isAlive()) {
        throw new IOException("the rehearsal did not end in time");
      }
    }
  }

  /** The rare answers: a page that is there already, and one that was given back. */
  private void answerTwice() throws IOException {
    final PagePlacement placement = context.newPlacement();
    placement.place(0, 0, 1);
    placement.placeAgain(0, 0);
    placement.placeZeros(0, 0);
    file.punchHole(0, PAGE_BYTES);
    placement.place(0, 0, 1);
    placement.placeAgain(0, 0);
  }

  private void giveBack() throws IOException {
    for (int page = 0; page < PAGES; page += 16) {
      file.punchHole((long) page * PAGE_BYTES, PAGE_BYTES);
    }
  }

  /** A fault on a page that another reader has claimed. */
  private void touchWhileInFlight() throws IOException {
    final int page = PAGES - 1;
    map.claim(page);
    final Thread guest = startGuest(page, PAGES);
    await(
        "a fault on a page in flight",
        () -> context.counters().get(PagerCounter.FAULTS_IN_FLIGHT) != 0);
    map.markReceived(page, 1);
    context.newPlacement().placeZeros(0, page);
    join(guest);
  }

  private static void await(final String what, final BooleanSupplier condition) throws IOException {
    final long deadline = System.nanoTime() + TIMEOUT_MS * 1_000_000;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("the rehearsal waits in vain for " + what);
      }
      LockSupport.parkNanos(100_000);
    }
  }

  private Userfaultfd newUserfaultfd() throws IOException {
    final Userfaultfd userfaultfd = open(Userfaultfd.create(0));
    userfaultfd.handshake(UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM));
    return userfaultfd;
  }

  private static RamFile scratch() throws IOException {
    return RamFile.adopt(MemFd.create("farpage-rehearsal", LENGTH_BYTES), true);
  }

  private static LocalMemory memoryOf(final RamFile file) throws IOException {
    return new LocalMemory(new long[] {file.map()}, new long[] {LENGTH_BYTES});
  }

  private PageLane newLane(final LocalMemory source, final int reads) throws IOException {
    final int[] pair = SocketIo.pair();
    final TcpPageServer server = new TcpPageServer(LaneUse.DEMAND, socket(pair[0]), source);
    final PageLane lane = new TcpPageLane(socket(pair[1]), memoryOf(file), reads, LENGTH_BYTES);
    server.start();
    open(server);
    return open(lane);
  }

  private static LaneSocket socket(final int fd) {
    return LaneSocket.of(() -> SocketIo.close(fd), fd);
  }

  private <T extends AutoCloseable> T open(final T resource) {
    opened.push(resource);
    return resource;
  }

  /** Ends the agents first, and the memory last; whoever still waits for a page is woken. */
  @Override
  public void close() throws IOException {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (final IOException | RuntimeException e) {
        throw e;
      } catch (final Exception e) {
        throw new IOException(e);
      }
    }
  }
}
