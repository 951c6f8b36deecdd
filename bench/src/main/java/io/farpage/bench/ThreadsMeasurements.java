package io.farpage.bench;

import com.sun.jna.Pointer;
import io.farpage.linux.InjectedUserfaultfd;
import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.linux.RemoteUserfaultfd;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.pager.FaultStripes;
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
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.tcp.LaneSocket;
import io.farpage.transport.tcp.TcpPageLane;
import io.farpage.transport.tcp.TcpPageServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What {@code farpage bench threads} measures: the threads of another process touch memory of which
 * nothing has arrived, and the demand agents fetch it over TCP on the loopback interface from a
 * source in this process, as in a migration; nothing is fetched ahead.
 */
final class ThreadsMeasurements implements AutoCloseable {
  private static final int PAGE_BYTES = 4096;
  private static final int DEMAND_READS = 256;
  private static final int MODE = UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR;

  private final int pages;
  private final long lengthBytes;
  private final Path directory;
  private final Path program;
  private final RamFile source;
  private final RamFile guest;

  /**
   * What came of one run.
   *
   * @param faultsPerSecond all threads together
   * @param p50Us the median of how long a touch took, in microseconds
   * @param p99Us the 99th percentile
   */
  record Figures(double faultsPerSecond, double p50Us, double p99Us) {}

  /** Compiles the program and fills the source's memory. */
  ThreadsMeasurements(final int pages) throws IOException {
    this.pages = pages;
    lengthBytes = (long) pages * PAGE_BYTES;
    directory = Files.createTempDirectory("farpage-bench-");
    try {
      program = Toucher.compile(directory);
    } catch (final IOException e) {
      removeProgram();
      throw e;
    }
    source = RamFile.adopt(MemFd.create("farpage-bench-source", lengthBytes), true);
    guest = RamFile.adopt(MemFd.create("farpage-bench-guest", lengthBytes), true);
    final Pointer memory = new Pointer(source.map());
    for (long page = 0; page < pages; page++) {
      memory.setLong(page * PAGE_BYTES, page + 1);
    }
  }

  /**
   * Has every page touched once.
   *
   * @param threads how many touch
   * @param agents how many answer
   */
  Figures measure(final int threads, final int agents) throws IOException {
    guest.punchHole(0, lengthBytes);
    final Path path = Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + guest.fd());
    try (Resources resources = new Resources();
        Toucher toucher = new Toucher(program, path, pages, threads)) {
      final AtomicReference<Throwable> failure = new AtomicReference<>();
      final PagerContext context = context(toucher, agents, resources);
      final Toucher.Outcome outcome;
      try (Pager pager =
          new Pager(
              context,
              cause -> {
                failure.compareAndSet(null, cause);
                toucher.close(); // else it waits for ever
              })) {
        pager.start();
        pager.arm();
        outcome = toucher.run();
      } catch (final IOException e) {
        throw failure.get() == null ? e : new IOException(failure.get().getMessage(), e);
      }
      final long fetched = context.counters().get(PagerCounter.DEMAND_FAULTS);
      if (fetched != pages) {
        throw new IOException(fetched + " faults for " + pages + " pages");
      }
      return new Figures(
          pages * 1e9 / outcome.elapsedNs(),
          outcome.latencyNs().getValueAtPercentile(50) / 1e3,
          outcome.latencyNs().getValueAtPercentile(99) / 1e3);
    }
  }

  private PagerContext context(final Toucher toucher, final int agents, final Resources resources)
      throws IOException {
    final PageSpace space = new PageSpace(new long[] {lengthBytes}, new long[] {PAGE_BYTES});
    final GuestRegions regions = new GuestRegions(space, new long[] {toucher.address()});
    final FaultStripes stripes = new FaultStripes(regions, agents);
    final List<Userfaultfd> userfaultfds = new ArrayList<>();
    for (final RemoteUserfaultfd each : InjectedUserfaultfd.open(toucher.pid(), agents)) {
      userfaultfds.add(resources.add(each.local()));
    }
    for (final Userfaultfd each : userfaultfds) {
      each.handshake(UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM));
    }
    stripes.forEach(
        (shard, address, length) -> userfaultfds.get(shard).register(address, length, MODE));
    final List<PageLane> lanes = new ArrayList<>();
    for (int i = 0; i < agents; i++) {
      lanes.add(newLane(resources));
    }
    final PageMap map = new PageMap(PageBits.allocate(pages));
    final PageOrigins origins = new PageOrigins(pages);
    origins.addData(0, pages);
    origins.complete();
    return new PagerContext()
        .userfaultfds(stripes, userfaultfds)
        .regions(regions)
        .files(new RamFile[] {guest})
        .map(map)
        .origins(origins)
        .demandLanes(lanes)
        .bulkLane(newLane(resources))
        .policy(new SweepPolicy(new MissingPages(space, map, origins)))
        .conclude();
  }

  private PageLane newLane(final Resources resources) throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      final PageLane lane =
          resources.add(
              new TcpPageLane(
                  LaneSocket.of(SocketChannel.open(server.getLocalAddress())),
                  memoryOf(guest),
                  DEMAND_READS,
                  Long.MAX_VALUE));
      resources
          .add(new TcpPageServer(LaneUse.DEMAND, LaneSocket.of(server.accept()), memoryOf(source)))
          .start();
      return lane;
    }
  }

  private LocalMemory memoryOf(final RamFile file) throws IOException {
    return new LocalMemory(new long[] {file.map()}, new long[] {lengthBytes});
  }

  private void removeProgram() throws IOException {
    Files.deleteIfExists(directory.resolve("toucher.c"));
    Files.deleteIfExists(directory.resolve("toucher"));
    Files.deleteIfExists(directory);
  }

  @Override
  public void close() throws IOException {
    source.close();
    guest.close();
    removeProgram();
  }

  /** What one run has opened; closed in the reverse order. */
  private static final class Resources implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    <T extends AutoCloseable> T add(final T resource) {
      opened.push(resource);
      return resource;
    }

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
}
