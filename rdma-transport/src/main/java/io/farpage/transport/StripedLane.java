package io.farpage.transport;

import io.farpage.linux.EpollFd;
import io.farpage.linux.LinuxException;
import java.io.IOException;
import java.util.List;

/**
 * Several lanes used as one: each read goes to the next that has room.
 *
 * <p>One connection is served by one thread of the source, takes one path through the network, and
 * has one adapter queue; several share the work. Takes the lanes over: they are closed with it.
 */
public final class StripedLane implements PageLane {
  private final PageLane[] lanes;
  private final EpollFd epoll;
  private int next;

  private StripedLane(final List<? extends PageLane> lanes) throws LinuxException {
    this.lanes = lanes.toArray(PageLane[]::new);
    epoll = EpollFd.create();
    for (final PageLane lane : lanes) {
      epoll.add(lane.readinessFd());
    }
  }

  /**
   * Makes one lane of some; a single one stays as it is.
   *
   * @param lanes at least one, each with a {@linkplain PageLane#readinessFd() descriptor} to wait
   *     on
   * @throws LinuxException when the process has no descriptor left
   */
  public static PageLane of(final List<? extends PageLane> lanes) throws LinuxException {
    return lanes.size() == 1 ? lanes.get(0) : new StripedLane(lanes);
  }

  @Override
  public boolean tryRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie)
      throws IOException {
    for (int i = 0; i < lanes.length; i++) {
      final PageLane lane = lanes[next];
      next = next + 1 == lanes.length ? 0 : next + 1;
      if (lane.tryRead(region, offsetBytes, lengthBytes, cookie)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void flush() throws IOException {
    for (final PageLane lane : lanes) {
      lane.flush();
    }
  }

  @Override
  public int poll(final ReadListener listener) throws IOException {
    int work = 0;
    for (final PageLane lane : lanes) {
      work += lane.poll(listener);
    }
    return work;
  }

  @Override
  public boolean hasRoom(final long lengthBytes) {
    for (final PageLane lane : lanes) {
      if (lane.hasRoom(lengthBytes)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public int readsInFlight() {
    int reads = 0;
    for (final PageLane lane : lanes) {
      reads += lane.readsInFlight();
    }
    return reads;
  }

  @Override
  public long bytesInFlight() {
    long bytes = 0;
    for (final PageLane lane : lanes) {
      bytes += lane.bytesInFlight();
    }
    return bytes;
  }

  @Override
  public int readinessFd() {
    return epoll.fd();
  }

  @Override
  public boolean armReadiness() {
    boolean pollOnce = false;
    for (final PageLane lane : lanes) {
      pollOnce |= lane.armReadiness();
    }
    return pollOnce;
  }

  @Override
  public long spinNs() {
    long longest = 0;
    for (final PageLane lane : lanes) {
      longest = Math.max(longest, lane.spinNs());
    }
    return longest;
  }

  @Override
  public void close() {
    epoll.close();
    for (final PageLane lane : lanes) {
      lane.close();
    }
  }
}
