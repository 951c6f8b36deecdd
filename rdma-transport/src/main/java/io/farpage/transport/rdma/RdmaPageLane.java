package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvWC;
import io.farpage.linux.EpollFd;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import org.agrona.collections.IntArrayQueue;

/**
 * Reads pages with one-sided READs, straight into the mapping of the RAM file.
 *
 * <p>What the source has not registered, or not yet, is read over another lane, and so is
 * everything while there is no queue pair, or after it broke: a READ that failed is done again
 * there. Another thread gives the lane its {@link Route} and may change it at any time.
 */
public final class RdmaPageLane implements PageLane {
  /** A range in more pieces than this is left to the other lane. */
  private static final int MAX_PARTS = 8;

  private static final int NO_SLOT = -1;

  private final PageLane other;
  private final LocalMemory memory;
  private final long maxBytesInFlight;
  private final BreakListener onBreak;
  private final EpollFd readiness;

  // the reads in flight, by slot; the slot is the request's id
  private final int[] regions;
  private final long[] offsets;
  private final int[] lengths;
  private final long[] cookies;
  private final int[] partsLeft;
  private final boolean[] failed;
  private final IntArrayQueue freeSlots;
  // slots whose READ failed, to be read over the other lane
  private final IntArrayQueue failedSlots;

  private volatile Route offered = Route.NONE;
  // the route in use; entered before it is used, taken when the former is not used any more
  private volatile Route entered = Route.NONE;
  private volatile Route taken = Route.NONE;
  private volatile long oneSidedBytes;
  private ExtentTable table = ExtentTable.EMPTY;
  private QueuePair queuePair;
  private boolean broken;
  private int posted;
  private long bytesInFlight;

  /** Hears that a queue pair broke. */
  @FunctionalInterface
  public interface BreakListener {
    /**
     * Called once for each queue pair, on the lane's thread.
     *
     * @param reason what verbs say
     */
    void onBreak(String reason);
  }

  /**
   * Creates a lane that begins without RDMA.
   *
   * @param other reads what RDMA cannot; closed with this lane
   * @param memory where the pages go
   * @param maxReadsInFlight at most so many READs at once
   * @param maxBytesInFlight at most so many bytes at once; one read is always allowed
   * @param onBreak hears when RDMA ends
   */
  public RdmaPageLane(
      final PageLane other,
      final LocalMemory memory,
      final int maxReadsInFlight,
      final long maxBytesInFlight,
      final BreakListener onBreak)
      throws IOException {
    this.other = other;
    this.memory = memory;
    this.maxBytesInFlight = maxBytesInFlight;
    this.onBreak = onBreak;
    regions = new int[maxReadsInFlight];
    offsets = new long[maxReadsInFlight];
    lengths = new int[maxReadsInFlight];
    cookies = new long[maxReadsInFlight];
    partsLeft = new int[maxReadsInFlight];
    failed = new boolean[maxReadsInFlight];
    final int capacity = Math.max(IntArrayQueue.MIN_CAPACITY, maxReadsInFlight + 1);
    freeSlots = new IntArrayQueue(capacity, NO_SLOT);
    failedSlots = new IntArrayQueue(capacity, NO_SLOT);
    for (int i = 0; i < maxReadsInFlight; i++) {
      freeSlots.addInt(i);
    }
    readiness = EpollFd.create();
    watch(other.readinessFd(), true);
  }

  private void watch(final int fd, final boolean on) throws IOException {
    if (fd >= 0 && on) {
      readiness.add(fd);
    } else if (fd >= 0) {
      readiness.remove(fd);
    }
  }

  /** Gives the lane another route; it is taken at the next poll, when nothing is in flight. */
  void offer(final Route route) {
    offered = route;
  }

  /** Returns whether the lane uses a queue pair no more, after another route was offered. */
  boolean hasReleased(final QueuePair former) {
    // in this order: a route that is being taken is seen in one of them
    return entered.queuePair() != former && taken.queuePair() != former;
  }

  /** Returns the bytes that one-sided READs have brought so far. */
  public long oneSidedBytes() {
    return oneSidedBytes;
  }

  @Override
  public void flush() throws IOException {
    other.flush();
  }

  @Override
  public boolean tryRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie)
      throws IOException {
    if (!memory.contains(region, offsetBytes, lengthBytes)) {
      throw new IllegalArgumentException("read outside of the region");
    }
    final int parts = usable() ? table.parts(region, offsetBytes, lengthBytes) : 0;
    if (parts == 0 || parts > MAX_PARTS) {
      return hasRoom(lengthBytes) && other.tryRead(region, offsetBytes, lengthBytes, cookie);
    }
    if (!hasRoom(lengthBytes) || freeSlots.isEmpty() || queuePair.room() < parts) {
      return false;
    }
    final int slot = freeSlots.pollInt();
    regions[slot] = region;
    offsets[slot] = offsetBytes;
    lengths[slot] = lengthBytes;
    cookies[slot] = cookie;
    partsLeft[slot] = 0;
    failed[slot] = false;
    bytesInFlight += lengthBytes;
    posted++;
    post(slot);
    return true;
  }

  private boolean usable() {
    return queuePair != null && !broken && offered == taken;
  }

  private void post(final int slot) {
    long at = offsets[slot];
    final long end = at + lengths[slot];
    int entry = table.find(regions[slot], at);
    try {
      while (at < end) {
        final int length = (int) (Math.min(end, table.endBytes(entry)) - at);
        queuePair.postRead(
            slot,
            memory.address(regions[slot], at),
            length,
            table.lkey(entry),
            table.remoteAddress(entry, at),
            table.rkey(entry));
        partsLeft[slot]++;
        at += length;
        entry++;
      }
    } catch (final IOException e) {
      breakDown(e.getMessage());
      failed[slot] = true;
      if (partsLeft[slot] == 0) {
        leaveToOther(slot);
      }
    }
  }

  private void breakDown(final String reason) {
    if (!broken) {
      broken = true;
      // what is still in flight completes with an error
      queuePair.abort();
      if (offered.queuePair() == queuePair) {
        onBreak.onBreak(reason);
      } // else it has been taken from the lane, and is being closed
    }
  }

  private void leaveToOther(final int slot) {
    posted--;
    failedSlots.addInt(slot);
  }

  @Override
  public int poll(final ReadListener listener) throws IOException {
    int work = queuePair == null ? 0 : pollQueuePair(listener);
    final Route route = offered;
    if (route != taken && (route.queuePair() == queuePair || isIdle())) {
      take(route);
      work++;
    }
    return work + readFailed() + other.poll(listener);
  }

  private boolean isIdle() {
    return queuePair == null || queuePair.inFlight() == 0;
  }

  private int pollQueuePair(final ReadListener listener) {
    int polled = 0;
    try {
      polled = queuePair.poll();
    } catch (final IOException e) {
      breakDown(e.getMessage());
    }
    for (int i = 0; i < polled; i++) {
      final IbvWC completion = queuePair.completion(i);
      final int slot = (int) completion.getWr_id();
      if (completion.getStatus() != 0) {
        failed[slot] = true;
        breakDown(VerbsExtras.statusText(completion.getStatus()));
      }
      partsLeft[slot]--;
      if (partsLeft[slot] == 0) {
        onDone(slot, listener);
      }
    }
    return polled;
  }

  private void onDone(final int slot, final ReadListener listener) {
    if (failed[slot]) {
      leaveToOther(slot);
      return;
    }
    final int length = lengths[slot];
    posted--;
    bytesInFlight -= length;
    oneSidedBytes += length;
    freeSlots.addInt(slot);
    listener.onRead(regions[slot], offsets[slot], length, cookies[slot]);
  }

  private void take(final Route route) throws IOException {
    entered = route;
    if (offered != route) {
      entered = taken; // withdrawn meanwhile, and perhaps freed already
      return;
    }
    if (route.queuePair() != queuePair) {
      if (queuePair != null) {
        watch(queuePair.fd(), false);
      }
      queuePair = route.queuePair();
      broken = false;
      if (queuePair != null) {
        watch(queuePair.fd(), true);
      }
    }
    table = route.table();
    taken = route;
  }

  private int readFailed() throws IOException {
    int work = 0;
    while (!failedSlots.isEmpty()) {
      final int slot = failedSlots.peekInt();
      if (!other.tryRead(regions[slot], offsets[slot], lengths[slot], cookies[slot])) {
        break;
      }
      failedSlots.pollInt();
      bytesInFlight -= lengths[slot];
      freeSlots.addInt(slot);
      work++;
    }
    return work;
  }

  @Override
  public boolean hasRoom(final long lengthBytes) {
    return readsInFlight() == 0
        || !freeSlots.isEmpty()
            && bytesInFlight() + lengthBytes <= maxBytesInFlight
            && other.hasRoom(lengthBytes);
  }

  @Override
  public int readsInFlight() {
    return posted + failedSlots.size() + other.readsInFlight();
  }

  @Override
  public long bytesInFlight() {
    return bytesInFlight + other.bytesInFlight();
  }

  @Override
  public int readinessFd() {
    return readiness.fd();
  }

  @Override
  public boolean armReadiness() {
    final boolean otherArmed = other.armReadiness();
    if (queuePair == null) {
      return otherArmed;
    }
    try {
      return queuePair.arm() || otherArmed;
    } catch (final IOException e) {
      breakDown(e.getMessage());
      return true;
    }
  }

  @Override
  public long spinNs() {
    return posted > 0 ? taken.spinNs() : 0;
  }

  /** Closes the other lane too; the queue pair belongs to who offered it. */
  @Override
  public void close() {
    other.close();
    readiness.close();
    queuePair = null;
    entered = Route.NONE;
    taken = Route.NONE;
  }
}
