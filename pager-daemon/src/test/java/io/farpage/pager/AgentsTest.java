package io.farpage.pager;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import io.farpage.linux.MemFd;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageRun;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.PrefetchPolicy;
import io.farpage.prefetch.SweepPolicy;
import io.farpage.test.Needs;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.CachedNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The agents' duty cycles, called one by one, on a real userfaultfd over this process's memory.
 *
 * <p>The guest is a thread that sends from that memory to a socket: it waits in the kernel, where
 * it holds up no safepoint.
 */
@Timeout(30)
class AgentsTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 64;

  private final CachedNanoClock clock = new CachedNanoClock();
  private final PageSpace space =
      new PageSpace(new long[] {PAGES * (long) PAGE}, new long[] {PAGE});
  private final PageBits received = PageBits.allocate(PAGES);
  private final PageMap map = new PageMap(received);
  private final PageOrigins origins = new PageOrigins(PAGES);
  private final FakeLane demandLane = new FakeLane();
  private final FakeLane bulkLane = new FakeLane();
  private RamFile guestFile;
  private RamFile alias;
  private Userfaultfd userfaultfd;
  private PagerContext context;
  private PrefetchAgent prefetch;
  private DemandAgent demand;

  @BeforeEach
  void takeTheFaultsOfAMapping() throws IOException {
    Needs.root();
    guestFile = RamFile.adopt(MemFd.create("guest", PAGES * (long) PAGE), true);
    alias = RamFile.open(Path.of("/proc/self/fd/" + guestFile.fd()), true);
    userfaultfd = Userfaultfd.create(0);
    userfaultfd.handshake(UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM));
    userfaultfd.register(
        guestFile.map(),
        PAGES * (long) PAGE,
        UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR);
    build(new BandwidthLimit(0, clock));
  }

  private void build(final BandwidthLimit limit) {
    build(limit, new SweepPolicy(new MissingPages(space, map, origins)));
  }

  private void build(final BandwidthLimit limit, final PrefetchPolicy policy) {
    context =
        new PagerContext()
            .userfaultfd(userfaultfd)
            .regions(new GuestRegions(space, new long[] {address(guestFile)}))
            .files(new RamFile[] {alias})
            .map(map)
            .origins(origins)
            .demandLane(demandLane)
            .bulkLane(bulkLane)
            .policy(policy)
            .prefetchLimit(limit)
            .chunkBytes(8 * PAGE)
            .clock(clock)
            .conclude();
    prefetch = new PrefetchAgent(context);
    demand = new DemandAgent(context, prefetch.feeds(), 0);
  }

  @AfterEach
  void giveTheMemoryBack() throws IOException {
    userfaultfd.unregister(guestFile.map(), PAGES * (long) PAGE);
    userfaultfd.close();
    alias.close();
    guestFile.close();
  }

  @Test
  void aFaultIsReadFromTheSourceAndAnswered() throws Exception {
    demand.arm();
    try (Guest guest = new Guest(3)) {
      workUntil(() -> demandLane.readsInFlight() == 1);
      assertFalse(map.isReceived(3));
      demandLane.complete();
      demand.doWork();
      assertArrayEquals(content(3), guest.bytes());
    }
    assertTrue(map.isReceived(3));
    assertEquals(1, count(PagerCounter.DEMAND_FAULTS));
    assertEquals(PAGE, count(PagerCounter.DEMAND_BYTES));
    assertEquals(1, context.faultLatencyNs().getTotalCount());
  }

  @Test
  void theLatencyIsThatOfTheClock() throws Exception {
    demand.arm();
    try (Guest guest = new Guest(0)) {
      clock.update(1_000_000);
      workUntil(() -> demandLane.readsInFlight() == 1);
      clock.update(1_250_000);
      demandLane.complete();
      demand.doWork();
      guest.bytes();
    }
    assertEquals(250_000, context.faultLatencyNs().getMaxValue(), 250);
  }

  @Test
  void aHoleIsFilledWithZerosWithoutAsking() throws Exception {
    origins.complete();
    demand.arm();
    try (Guest guest = new Guest(9)) {
      workUntil(() -> count(PagerCounter.ZERO_PAGES) == 1);
      assertArrayEquals(new byte[8], guest.bytes());
    }
    assertEquals(0, demandLane.reads);
    assertTrue(map.isReceived(9));
  }

  @Test
  void aFaultOnAPageInFlightWaitsForItsReader() throws Exception {
    origins.addData(5, 1);
    origins.complete();
    demand.arm();
    prefetch.begin();
    prefetch.doWork();
    assertEquals(1, bulkLane.readsInFlight());
    try (Guest guest = new Guest(5)) {
      workUntil(() -> count(PagerCounter.FAULTS_IN_FLIGHT) == 1);
      assertEquals(0, demandLane.reads);
      bulkLane.complete();
      prefetch.doWork();
      assertArrayEquals(content(5), guest.bytes());
    }
  }

  @Test
  void aPageThatTheGuestGaveBackIsZeroNotOld() throws Exception {
    map.claim(7);
    map.markReceived(7, 1);
    demand.arm();
    try (Guest guest = new Guest(7)) {
      workUntil(() -> count(PagerCounter.GIVEN_BACK_PAGES) == 1);
      assertArrayEquals(new byte[8], guest.bytes());
    }
  }

  @Test
  void aFaultThatTheLaneHasNoRoomForIsSentLater() throws Exception {
    demandLane.capacity = 1;
    demand.arm();
    try (Guest first = new Guest(1);
        Guest second = new Guest(2)) {
      workUntil(() -> count(PagerCounter.FAULTS) == 2);
      assertEquals(1, demandLane.readsInFlight());
      demandLane.complete();
      demand.doWork();
      workUntil(() -> demandLane.readsInFlight() == 1);
      demandLane.complete();
      demand.doWork();
      assertArrayEquals(content(1), first.bytes());
      assertArrayEquals(content(2), second.bytes());
    }
  }

  @Test
  void aFaultBeforeTheSourceHasStoppedEndsTheAgent() throws Exception {
    try (Guest guest = new Guest(4)) {
      final AgentTerminationException e =
          assertThrows(AgentTerminationException.class, () -> workUntil(() -> false));
      assertTrue(e.getCause().getMessage().contains("before the source had stopped"));
      userfaultfd.unregister(guestFile.map(), PAGES * (long) PAGE);
      guest.bytes();
    }
    userfaultfd.register(guestFile.map(), PAGES * (long) PAGE, UffdConstants.MODE_MISSING);
  }

  @Test
  void thePrefetcherFetchesEveryDataPageInChunksAndThenIsDrained() {
    origins.addData(0, 20);
    origins.addData(30, 1);
    origins.complete();
    assertEquals(0, prefetch.doWork());
    prefetch.begin();
    while (!prefetch.isDrained()) {
      prefetch.doWork();
      bulkLane.complete();
    }
    assertEquals(21, received.count());
    assertEquals(21, count(PagerCounter.PREFETCHED_PAGES));
    assertEquals(4, count(PagerCounter.PREFETCH_READS));
    assertArrayEquals(content(30), bytesAt(30));
  }

  @Test
  void thePrefetcherGoesOnWhereTheGuestWaited() throws Exception {
    origins.addData(0, PAGES);
    origins.complete();
    demand.arm();
    try (Guest guest = new Guest(40)) {
      workUntil(() -> demandLane.readsInFlight() == 1);
      prefetch.begin();
      bulkLane.capacity = 1;
      prefetch.doWork();
      assertEquals(41L * PAGE, bulkLane.lastOffset);
      demandLane.complete();
      demand.doWork();
      guest.bytes();
    }
  }

  @Test
  void thePrefetcherKeepsToItsBandwidth() {
    origins.addData(0, PAGES);
    origins.complete();
    // a chunk of eight pages takes eight seconds
    build(new BandwidthLimit(PAGE, clock));
    prefetch.begin();
    for (int i = 0; i < 10; i++) {
      prefetch.doWork();
      bulkLane.complete();
    }
    assertEquals(1, bulkLane.reads);
    clock.advance(7_900_000_000L);
    prefetch.doWork();
    assertEquals(1, bulkLane.reads);
    clock.advance(200_000_000L);
    prefetch.doWork();
    assertEquals(2, bulkLane.reads);
  }

  @Test
  void aMarkerIsMappedAtItsFirstTouchWhichThePolicyHears() throws Exception {
    final MarkingPolicy policy = new MarkingPolicy(5);
    build(new BandwidthLimit(0, clock), policy);
    demand.arm();
    prefetch.begin();
    prefetch.doWork();
    bulkLane.complete();
    prefetch.doWork();
    assertTrue(map.isReceived(5));
    try (Guest other = new Guest(4);
        Guest guest = new Guest(5)) {
      assertArrayEquals(content(4), other.bytes());
      workUntil(() -> count(PagerCounter.FAULTS_LATE) == 1);
      assertArrayEquals(content(5), guest.bytes());
    }
    prefetch.doWork();
    assertEquals(List.of(5L), policy.touched);
    assertEquals(1, count(PagerCounter.FAULTS));
  }

  @Test
  void aMarkerThatTheGuestWaitsForIsMappedWhenItArrives() throws Exception {
    final MarkingPolicy policy = new MarkingPolicy(5);
    build(new BandwidthLimit(0, clock), policy);
    demand.arm();
    prefetch.begin();
    prefetch.doWork();
    try (Guest guest = new Guest(5)) {
      workUntil(() -> count(PagerCounter.FAULTS_IN_FLIGHT) == 1);
      bulkLane.complete();
      prefetch.doWork();
      assertArrayEquals(content(5), guest.bytes());
    }
    prefetch.doWork();
    assertEquals(List.of(5L), policy.touched);
  }

  @Test
  void aContextWithoutAPartIsRefused() {
    assertThrows(NullPointerException.class, () -> new PagerContext().conclude());
    assertThrows(IllegalStateException.class, context::conclude);
  }

  @Test
  void faultsBeyondTheFeedsRoomAreDropped() {
    final MarkingPolicy policy = new MarkingPolicy(0);
    final FaultFeed feed = new FaultFeed(policy, new BulkPace(1, 1));
    for (long page = 0; page < 100_000; page++) {
      feed.publishDemand(page);
    }
    while (feed.read() > 0) {
      // all that is in it
    }
    final int heard = policy.demanded.size();
    assertTrue(heard > 1000 && heard < 100_000, "heard of " + heard);
    feed.publishTouch(1);
    assertEquals(1, feed.read());
    assertEquals(List.of(1L), policy.touched);
  }

  @Test
  void addressesOutsideOfTheRegionsAreNoPages() {
    final GuestRegions regions =
        new GuestRegions(
            new PageSpace(new long[] {2 * PAGE, PAGE}, new long[] {PAGE, PAGE}),
            new long[] {0x10000, 0x20000});
    assertEquals(-1, regions.pageAt(0xffff));
    assertEquals(0, regions.pageAt(0x10000));
    assertEquals(1, regions.pageAt(0x11fff));
    assertEquals(-1, regions.pageAt(0x12000));
    assertEquals(2, regions.pageAt(0x20000));
    assertEquals(0x20000, regions.hostAddress(1, 2));
    assertThrows(IllegalArgumentException.class, () -> new GuestRegions(space, new long[0]));
  }

  private interface Condition {
    boolean holds();
  }

  private void workUntil(final Condition condition) {
    while (!condition.holds()) {
      demand.doWork();
    }
  }

  private long count(final PagerCounter counter) {
    return context.counters().get(counter);
  }

  private static byte[] content(final long page) {
    return ByteBuffer.allocate(8).putLong(0x1122334455667700L + page).array();
  }

  private byte[] bytesAt(final long page) {
    return new Pointer(address(alias)).getByteArray(page * PAGE, 8);
  }

  private static long address(final RamFile file) {
    try {
      return file.map();
    } catch (final IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Touches one page. */
  private final class Guest implements AutoCloseable {
    private final int[] sockets = SocketIo.pair();
    private final Thread thread;

    Guest(final long page) throws IOException {
      final long at = guestFile.map() + page * PAGE;
      thread = new Thread(() -> SocketIo.send(sockets[0], at, 8, SocketIo.MSG_NOSIGNAL), "guest");
      thread.setDaemon(true);
      thread.start();
    }

    byte[] bytes() throws InterruptedException {
      thread.join();
      try (NativeBuffer buffer = NativeBuffer.allocate(8)) {
        assertEquals(8, SocketIo.recv(sockets[1], buffer.address(), 8, SocketIo.MSG_DONTWAIT));
        final byte[] bytes = new byte[8];
        buffer.asByteBuffer().get(bytes);
        return bytes;
      }
    }

    @Override
    public void close() {
      SocketIo.close(sockets[0]);
      SocketIo.close(sockets[1]);
    }
  }

  /** A source whose pages hold their numbers; reads are done when the test says so. */
  /** Proposes the first eight pages once, with a marker, and notes what it hears. */
  private static final class MarkingPolicy implements PrefetchPolicy {
    private final long marker;
    private final List<Long> demanded = new ArrayList<>();
    private final List<Long> touched = new ArrayList<>();
    private boolean proposed;

    MarkingPolicy(final long marker) {
      this.marker = marker;
    }

    @Override
    public void onDemandFault(final long page) {
      demanded.add(page);
    }

    @Override
    public void onTouch(final long page) {
      touched.add(page);
    }

    @Override
    public boolean next(final PageRun run, final long maxLengthBytes) {
      run.set(0, 8, marker);
      final boolean first = !proposed;
      proposed = true;
      return first;
    }

    @Override
    public String name() {
      return "marking";
    }
  }

  private final class FakeLane implements PageLane {
    private record Read(int region, long offset, int length, long cookie) {}

    private final Deque<Read> inFlight = new ArrayDeque<>();
    private int completed;
    private int capacity = 1000;
    private int reads;
    private long lastOffset;

    @Override
    public boolean tryRead(
        final int region, final long offset, final int length, final long cookie) {
      if (inFlight.size() >= capacity) {
        return false;
      }
      inFlight.add(new Read(region, offset, length, cookie));
      reads++;
      lastOffset = offset;
      return true;
    }

    void complete() {
      completed = inFlight.size();
    }

    @Override
    public int poll(final ReadListener listener) {
      final int count = completed;
      for (; completed > 0; completed--) {
        final Read read = inFlight.remove();
        for (long at = read.offset(); at < read.offset() + read.length(); at += PAGE) {
          new Pointer(address(alias)).write(at, content(at / PAGE), 0, 8);
        }
        listener.onRead(read.region(), read.offset(), read.length(), read.cookie());
      }
      return count;
    }

    @Override
    public boolean hasRoom(final long lengthBytes) {
      return inFlight.size() < capacity;
    }

    @Override
    public int readsInFlight() {
      return inFlight.size();
    }

    @Override
    public long bytesInFlight() {
      return inFlight.stream().mapToLong(Read::length).sum();
    }

    @Override
    public int readinessFd() {
      return -1;
    }

    @Override
    public void close() {}
  }
}
