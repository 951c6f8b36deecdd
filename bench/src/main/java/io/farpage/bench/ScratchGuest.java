package io.farpage.bench;

import io.farpage.linux.NativeBuffer;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.pager.Pager;
import io.farpage.pager.PagerContext;
import io.farpage.transport.PageLane;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * A guest's memory of which nothing has arrived, as a mapping of this process, and the agents that
 * fetch it.
 *
 * <p>The guest is a thread that touches memory by system calls: it waits for a page in the kernel,
 * where it holds up no safepoint, and with it the agents.
 */
final class ScratchGuest implements AutoCloseable {
  static final int PAGE_BYTES = MissingMemory.PAGE_BYTES;

  private static final long TIMEOUT_NS = 60_000_000_000L;
  private static final long LOOK_NS = 200_000;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final long address;
  private final long lengthBytes;
  private final Pager pager;

  /**
   * Maps a file anew, so that every page of it is missing.
   *
   * @param file what the lanes read into
   * @param chunkBytes length of one bulk read
   */
  ScratchGuest(
      final RamFile file, final PageLane demandLane, final PageLane bulkLane, final long chunkBytes)
      throws IOException {
    lengthBytes = file.sizeBytes();
    try {
      address = open(RamFile.open(Path.of("/proc/self/fd/" + file.fd()), true)).map();
      final Userfaultfd userfaultfd = open(Userfaultfd.create(0));
      userfaultfd.handshake(UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM));
      userfaultfd.register(
          address, lengthBytes, UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR);
      final PagerContext context =
          MissingMemory.context(file, userfaultfd, address, demandLane, bulkLane, chunkBytes);
      pager = open(new Pager(context, cause -> failure.compareAndSet(null, cause)));
      pager.start();
      pager.arm();
    } catch (final IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T open(final T resource) {
    opened.push(resource);
    return resource;
  }

  /**
   * Touches pages one after the other.
   *
   * @param latencyNs gets the time of each system call that touches a page, in nanoseconds
   */
  void touch(final int pages, final Histogram latencyNs) throws IOException {
    final Thread guest = new Thread(() -> runGuest(pages, latencyNs), "guest");
    guest.setDaemon(true);
    guest.start();
    try {
      guest.join(TIMEOUT_NS / 1_000_000);
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (guest.isAlive()) {
      throw new IOException("the pages do not come", failure.get());
    }
    requireNoFailure();
  }

  private void runGuest(final int pages, final Histogram latencyNs) {
    try (NativeBuffer sink = NativeBuffer.allocate(1)) {
      final int[] pair = SocketIo.pair();
      for (int page = 0; page < pages; page++) {
        final long begin = System.nanoTime();
        SocketIo.send(pair[0], address + (long) page * PAGE_BYTES, 1, SocketIo.MSG_NOSIGNAL);
        latencyNs.recordValue(System.nanoTime() - begin);
        SocketIo.recv(pair[1], sink.address(), 1, 0);
      }
      SocketIo.close(pair[0]);
      SocketIo.close(pair[1]);
    } catch (final IOException e) {
      failure.compareAndSet(null, e);
    }
  }

  /** Fetches everything ahead of demand; returns how many nanoseconds that took. */
  long prefetchAll() throws IOException {
    final long begin = System.nanoTime();
    pager.prefetch();
    while (!pager.isDrained()) {
      requireNoFailure();
      if (System.nanoTime() - begin > TIMEOUT_NS) {
        throw new IOException("the pages do not come");
      }
      LockSupport.parkNanos(LOOK_NS);
    }
    return System.nanoTime() - begin;
  }

  /** Ends the agents, and returns the latencies of faults as they counted them. */
  Histogram agentLatencyNs() {
    pager.close();
    return pager.faultLatencyNs();
  }

  private void requireNoFailure() throws IOException {
    if (failure.get() != null) {
      throw new IOException(failure.get().getMessage(), failure.get());
    }
  }

  /** Ends the agents first and the memory last; the lanes stay open. */
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
