package io.farpage.transport.rdma;

import io.farpage.linux.PollSet;
import io.farpage.transport.LocalMemory;
import java.io.IOException;
import java.util.List;

/**
 * Reads some of the source's memory into memory of no consequence, before a guest depends on it:
 * afterwards a lane's code is loaded and compiled, and the connection's path is known to work.
 */
final class LaneRehearsal {
  private static final int READS = 1000;

  /** After so many reads one waits for its event, as a lane does that has nothing else to do. */
  private static final int READS_PER_WAIT = 4;

  private static final int LENGTH_BYTES = 4096;
  private static final int DEPTH = 16;
  private static final int WAIT_MS = 1;
  private static final long TIMEOUT_NS = 10_000_000_000L;

  private final RdmaPageLane lane;
  private final int lengthBytes;
  private String broken;

  private LaneRehearsal(final LocalMemory memory, final int lengthBytes) throws IOException {
    this.lengthBytes = lengthBytes;
    lane = new RdmaPageLane(new NoLane(), memory, DEPTH, Long.MAX_VALUE, why -> broken = why);
  }

  /**
   * Reads over each queue pair; no lane may use them yet.
   *
   * @param source memory of the source that may be read
   * @throws IOException when a READ fails
   */
  static void run(
      final List<QueuePair> queuePairs, final ProtectionDomain domain, final RemoteExtent source)
      throws IOException {
    final int length = (int) Math.min(LENGTH_BYTES, source.lengthBytes());
    final ProtectionDomain.Buffer buffer = domain.newBuffer(length);
    final LocalMemory memory =
        new LocalMemory(new long[] {buffer.memory().address()}, new long[] {length});
    final ExtentTable table =
        new ExtentTable(
            List.of(
                new ReadableExtent(
                    new RemoteExtent(0, 0, length, source.address(), source.rkey()),
                    buffer.lkey())));
    for (final QueuePair queuePair : queuePairs) {
      final LaneRehearsal rehearsal = new LaneRehearsal(memory, length);
      try (PollSet pollSet = new PollSet(1)) {
        rehearsal.lane.offer(new Route(queuePair, table, 0));
        rehearsal.read(pollSet);
      } finally {
        rehearsal.lane.close();
      }
    }
  }

  private void read(final PollSet pollSet) throws IOException {
    pollSet.set(0, lane.readinessFd());
    final long deadline = System.nanoTime() + TIMEOUT_NS;
    final int[] done = {0};
    int begun = 0;
    poll(done);
    while (done[0] < READS) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("READs take too long");
      }
      if (begun < READS && lane.tryRead(0, 0, lengthBytes, begun)) {
        begun++;
      }
      if (begun % READS_PER_WAIT == 0) {
        lane.armReadiness();
        poll(done);
        pollSet.poll(WAIT_MS);
      }
      poll(done);
    }
  }

  private void poll(final int[] done) throws IOException {
    lane.poll((region, offset, length, cookie) -> done[0]++);
    if (broken != null) {
      throw new IOException("the connection broke: " + broken);
    }
  }
}
