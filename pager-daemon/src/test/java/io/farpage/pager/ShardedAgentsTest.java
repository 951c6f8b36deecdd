package io.farpage.pager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import io.farpage.linux.MemFd;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.PollSet;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdEvents;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.SweepPolicy;
import io.farpage.test.Needs;
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
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two demand agents, each with a half of a mapping, a real userfaultfd and a real lane. */
@Timeout(60)
class ShardedAgentsTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;
  private static final int BORDER = PAGES / 2;
  private static final int SHARDS = 2;
  private static final long LENGTH = (long) PAGES * PAGE;
  private static final long AHEAD = 8;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final PageSpace space = new PageSpace(new long[] {LENGTH}, new long[] {PAGE});
  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private final PageOrigins origins = new PageOrigins(PAGES);
  private final PageHeat heat = new PageHeat(PAGES);
  private final List<Userfaultfd> userfaultfds = new ArrayList<>();
  private final List<TcpPageServer> servers = new ArrayList<>();
  private final DemandAgent[] demands = new DemandAgent[SHARDS];
  private RamFile file;
  private RamFile source;
  private long guestAddress;
  private FaultStripes stripes;
  private PagerContext context;
  private PrefetchAgent prefetch;

  @BeforeEach
  void shareAMapping() throws IOException {
    Needs.root();
    file = open(RamFile.adopt(MemFd.create("guest", LENGTH), true));
    source = open(RamFile.adopt(MemFd.create("source", LENGTH), true));
    for (int page = 0; page < PAGES; page++) {
      new Pointer(source.map()).setLong((long) page * PAGE, stamp(page));
    }
    guestAddress = open(RamFile.open(Path.of("/proc/self/fd/" + file.fd()), true)).map();
    final GuestRegions regions = new GuestRegions(space, new long[] {guestAddress});
    stripes = new FaultStripes(regions, SHARDS);
    final List<PageLane> lanes = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      final Userfaultfd userfaultfd = open(Userfaultfd.create(0));
      userfaultfd.handshake(UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM));
      userfaultfds.add(userfaultfd);
      lanes.add(newLane());
    }
    stripes.forEach(
        (shard, address, length) ->
            userfaultfds
                .get(shard)
                .register(address, length, UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR));
    context =
        new PagerContext()
            .userfaultfds(stripes, userfaultfds)
            .regions(regions)
            .files(new RamFile[] {file})
            .map(map)
            .origins(origins)
            .demandLanes(lanes)
            .bulkLane(newLane())
            .policy(new SweepPolicy(new MissingPages(space, map, origins)))
            .heat(heat)
            .chunkBytes(AHEAD * PAGE)
            .conclude();
    prefetch = new PrefetchAgent(context);
    for (int shard = 0; shard < SHARDS; shard++) {
      demands[shard] = new DemandAgent(context, prefetch.feeds(), shard);
      demands[shard].arm();
    }
  }

  @AfterEach
  void close() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  @Test
  void eachAgentAnswersItsOwnPartAndTheSumIsTold() throws Exception {
    origins.addData(0, PAGES);
    serve();
    final FutureTask<Long> first = guest(3);
    final FutureTask<Long> second = guest(BORDER + 5);
    work(demands[0], first);
    assertEquals(stamp(3), first.get());
    assertEquals(1, context.counters().get(PagerCounter.DEMAND_FAULTS));
    work(demands[1], second);
    assertEquals(stamp(BORDER + 5), second.get());
    assertEquals(2, context.counters().get(PagerCounter.DEMAND_FAULTS));
    assertEquals(2, context.counters().get(PagerCounter.FAULTS));
    assertEquals(2, context.faultLatencyNs().getTotalCount());
    assertEquals(1, context.faultLatencyNs(0).getTotalCount());
    // the prefetcher has heard of both
    assertEquals(2, prefetch.feeds().read());
  }

  @Test
  void aRunAcrossTheBorderWakesWhoWaitsOnEitherSide() throws Exception {
    origins.addData(BORDER - AHEAD / 2, AHEAD);
    origins.complete();
    prefetch.begin();
    prefetch.doWork();
    assertTrue(map.isClaimed(BORDER - 1) && map.isClaimed(BORDER));
    final FutureTask<Long> left = guest(BORDER - 1);
    final FutureTask<Long> right = guest(BORDER);
    while (context.counters().get(PagerCounter.FAULTS_IN_FLIGHT) < 2) {
      demands[0].doWork();
      demands[1].doWork();
    }
    serve();
    while (!left.isDone() || !right.isDone()) {
      prefetch.doWork();
    }
    assertEquals(stamp(BORDER - 1), left.get());
    assertEquals(stamp(BORDER), right.get());
    assertEquals(AHEAD, context.counters().get(PagerCounter.PREFETCHED_PAGES));
  }

  /** The neighbours of a fault may be of the other agent, and somebody may wait for them there. */
  @Test
  void aClusterAcrossTheBorderWakesWhoWaitsOnEitherSide() throws Exception {
    origins.addData(BORDER - 4, 8);
    final PageBits written = PageBits.allocate(PAGES);
    written.setRange(BORDER - 4, 8);
    heat.onScan(written);
    final FutureTask<Long> left = guest(BORDER - 1);
    while (context.counters().get(PagerCounter.FAULTS) < 1) {
      demands[0].doWork();
    }
    assertTrue(map.isClaimed(BORDER));
    final FutureTask<Long> right = guest(BORDER);
    while (context.counters().get(PagerCounter.FAULTS_IN_FLIGHT) < 1) {
      demands[1].doWork();
    }
    serve();
    work(demands[0], left);
    work(demands[0], right);
    assertEquals(stamp(BORDER - 1), left.get());
    assertEquals(stamp(BORDER), right.get());
    assertEquals(1, context.counters().get(PagerCounter.DEMAND_FAULTS));
    assertEquals(7, context.counters().get(PagerCounter.CLUSTERED_PAGES));
  }

  /** What a process that dies had read comes again, on either side. */
  @Test
  void aWakeUpAcrossTheBorderHasFaultsReportedAgain() throws Exception {
    final FutureTask<Long> left = guest(BORDER - 1);
    final FutureTask<Long> right = guest(BORDER);
    awaitFault(0, BORDER - 1);
    awaitFault(1, BORDER);
    try (StripedPlacer placer = new StripedPlacer(stripes, userfaultfds)) {
      assertEquals(0, placer.wake(guestAddress, LENGTH));
    }
    awaitFault(0, BORDER - 1);
    awaitFault(1, BORDER);
    stripes.forEach(
        (shard, address, length) -> userfaultfds.get(shard).unregister(address, length));
    assertEquals(0, left.get());
    assertEquals(0, right.get());
  }

  private void awaitFault(final int shard, final int page) {
    try (PollSet poll = new PollSet(1);
        UffdEvents events = new UffdEvents(4)) {
      poll.set(0, userfaultfds.get(shard).fd());
      assertEquals(1, poll.poll(10_000), "no fault came");
      assertEquals(1, events.readFrom(userfaultfds.get(shard)));
      assertEquals(guestAddress + (long) page * PAGE, events.address(0));
    }
  }

  private static void work(final DemandAgent demand, final FutureTask<Long> guest) {
    while (!guest.isDone()) {
      demand.doWork();
    }
  }

  /** Touches a page by a system call, and returns what it found there. */
  private FutureTask<Long> guest(final int page) throws IOException {
    final int[] pair = SocketIo.pair();
    opened.push(() -> SocketIo.close(pair[0]));
    opened.push(() -> SocketIo.close(pair[1]));
    final FutureTask<Long> guest =
        new FutureTask<>(
            () -> {
              try (NativeBuffer sink = NativeBuffer.allocate(Long.BYTES)) {
                SocketIo.send(pair[0], guestAddress + (long) page * PAGE, Long.BYTES, 0);
                assertEquals(
                    Long.BYTES,
                    SocketIo.recv(pair[1], sink.address(), Long.BYTES, SocketIo.MSG_WAITALL));
                return new Pointer(sink.address()).getLong(0);
              }
            });
    final Thread thread = new Thread(guest, "guest");
    thread.setDaemon(true);
    thread.start();
    return guest;
  }

  private static long stamp(final long page) {
    return 0x1122334455660000L + page;
  }

  private PageLane newLane() throws IOException {
    final int[] pair = SocketIo.pair();
    servers.add(
        open(
            new TcpPageServer(
                LaneUse.DEMAND,
                LaneSocket.of(() -> SocketIo.close(pair[0]), pair[0]),
                new LocalMemory(new long[] {source.map()}, new long[] {LENGTH}))));
    return open(
        new TcpPageLane(
            LaneSocket.of(() -> SocketIo.close(pair[1]), pair[1]),
            new LocalMemory(new long[] {file.map()}, new long[] {LENGTH}),
            16,
            LENGTH));
  }

  private void serve() {
    servers.forEach(TcpPageServer::start);
  }

  private <T extends AutoCloseable> T open(final T resource) {
    opened.push(resource);
    return resource;
  }
}
