package io.farpage.migration;

import static io.farpage.transport.rdma.RdmaRig.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.linux.NativeBuffer;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.pager.GuestRegions;
import io.farpage.pager.Pager;
import io.farpage.pager.PagerContext;
import io.farpage.pager.PagerCounter;
import io.farpage.prefetch.MissingPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import io.farpage.prefetch.PageSpace;
import io.farpage.prefetch.SweepPolicy;
import io.farpage.test.Needs;
import io.farpage.transport.rdma.RdmaRig;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The agents answer faults and fetch ahead over a real device, on a real userfaultfd.
 *
 * <p>The guest is a few threads that send from its memory to a socket: they wait in the kernel,
 * where they hold up no safepoint.
 */
@Tag("lab")
@Timeout(180)
public class RdmaAgentsTest {
  private static final int PAGES = 2048;
  private static final int LENGTH = PAGES * PAGE;
  private static final int GUESTS = 4;

  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private RdmaRig rig;
  private RdmaRig.Session session;
  private RamFile guestFile;
  private Userfaultfd userfaultfd;
  private Pager pager;

  @BeforeEach
  void prepare() throws Exception {
    Needs.root();
    final InetAddress address = InetAddress.getByName(System.getenv("FARPAGE_LAB_ADDRESS"));
    rig = new RdmaRig(address, 2, 64, 1 << 20, LENGTH);
    session = rig.connect();
    session.share(rig.pages(0, PAGES));
    guestFile = rig.again(rig.destinationFile(0));
    userfaultfd = Userfaultfd.create(0);
    userfaultfd.handshake(UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM));
    userfaultfd.register(
        guestFile.map(), LENGTH, UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR);
    final PageSpace space = new PageSpace(new long[] {LENGTH}, new long[] {PAGE});
    final PageMap map = new PageMap(PageBits.allocate(PAGES));
    final PageOrigins origins = new PageOrigins(PAGES);
    origins.addData(0, PAGES);
    origins.complete();
    pager =
        new Pager(
            new PagerContext()
                .userfaultfd(userfaultfd)
                .regions(new GuestRegions(space, new long[] {guestFile.map()}))
                .files(new RamFile[] {rig.destinationFile(0)})
                .map(map)
                .origins(origins)
                .demandLane(rig.lane(0))
                .bulkLane(rig.lane(1))
                .policy(new SweepPolicy(new MissingPages(space, map, origins)))
                .chunkBytes(16 * PAGE)
                .conclude(),
            cause -> failure.compareAndSet(null, cause));
  }

  @AfterEach
  void close() throws Exception {
    pager.close();
    userfaultfd.unregister(guestFile.map(), LENGTH);
    userfaultfd.close();
    rig.close();
    assertNull(failure.get());
  }

  private void start() {
    pager.start();
    pager.arm();
  }

  /** Every page, by several guests at once; compares what they read. */
  private List<FutureTask<Integer>> startGuests() {
    final List<FutureTask<Integer>> guests = new ArrayList<>();
    for (int i = 0; i < GUESTS; i++) {
      final int first = i;
      final FutureTask<Integer> guest = new FutureTask<>(() -> visit(first));
      final Thread thread = new Thread(guest, "guest-" + i);
      thread.setDaemon(true);
      thread.start();
      guests.add(guest);
    }
    return guests;
  }

  private int visit(final int first) throws IOException {
    final int[] pair = SocketIo.pair();
    try (NativeBuffer sink = NativeBuffer.allocate(PAGE)) {
      final ByteBuffer read = sink.asByteBuffer();
      final ByteBuffer expected = rig.sourceBytes(0);
      int right = 0;
      for (int i = first; i < PAGES; i += GUESTS) {
        // far from the page before
        final int page = i * 613 % PAGES;
        final long at = guestFile.map() + (long) page * PAGE;
        assertEquals(PAGE, SocketIo.send(pair[0], at, PAGE, SocketIo.MSG_NOSIGNAL));
        assertEquals(PAGE, SocketIo.recv(pair[1], sink.address(), PAGE, SocketIo.MSG_WAITALL));
        assertEquals(expected.slice(page * PAGE, PAGE), read.duplicate().clear(), "page " + page);
        right++;
      }
      return right;
    } finally {
      SocketIo.close(pair[0]);
      SocketIo.close(pair[1]);
    }
  }

  private void requireAllRight(final List<FutureTask<Integer>> guests) throws Exception {
    int right = 0;
    for (final FutureTask<Integer> guest : guests) {
      right += guest.get(2, TimeUnit.MINUTES);
    }
    assertEquals(PAGES, right);
  }

  private long count(final PagerCounter counter) {
    return pager.counters().get(counter);
  }

  private long oneSidedBytes() {
    return rig.lane(0).oneSidedBytes() + rig.lane(1).oneSidedBytes();
  }

  /** The processor has no access to the memory that pages are read into: nothing is copied. */
  @Test
  void faultsAreAnsweredWithPagesThatNoProcessorTouched() throws Exception {
    rig.hideDestination();
    start();
    requireAllRight(startGuests());
    assertEquals(PAGES, count(PagerCounter.DEMAND_FAULTS));
    assertEquals(LENGTH, rig.lane(0).oneSidedBytes());
    assertEquals(0, rig.otherBytes());
  }

  @Test
  void whatIsFetchedAheadIsNotTouchedByAProcessorEither() throws Exception {
    rig.hideDestination();
    start();
    pager.prefetch();
    Await.until("everything has been fetched", pager::isDrained);
    assertEquals(PAGES, count(PagerCounter.PREFETCHED_PAGES));
    assertEquals(LENGTH, rig.lane(1).oneSidedBytes());
    requireAllRight(startGuests());
    assertEquals(0, count(PagerCounter.DEMAND_FAULTS));
    assertEquals(0, rig.otherBytes());
  }

  @Test
  void bothAgentsAtOnce() throws Exception {
    rig.hideDestination();
    start();
    final List<FutureTask<Integer>> guests = startGuests();
    pager.prefetch();
    requireAllRight(guests);
    Await.until("everything has been fetched", pager::isDrained);
    assertEquals(LENGTH, oneSidedBytes());
    assertEquals(0, rig.otherBytes());
  }

  /** The source ends the session while the guest waits for pages: they come the other way. */
  @Test
  void aConnectionThatBreaksLosesNoFault() throws Exception {
    start();
    final List<FutureTask<Integer>> guests = startGuests();
    Await.until("some pages have come", () -> count(PagerCounter.DEMAND_FAULTS) > 100);
    session.source().close();
    requireAllRight(guests);
    assertTrue(rig.otherBytes() > 0, "it was all there already");
    assertEquals(LENGTH, rig.otherBytes() + oneSidedBytes());
    assertEquals(1, rig.breaks().size(), () -> rig.breaks().toString());
  }
}
