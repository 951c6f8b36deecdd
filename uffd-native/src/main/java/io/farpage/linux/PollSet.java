package io.farpage.linux;

import java.nio.ByteBuffer;

/** A fixed number of descriptors to wait on together. One per thread; not thread-safe. */
public final class PollSet implements AutoCloseable {
  private final int capacity;
  private final NativeBuffer memory;
  private final ByteBuffer pollfds;
  private final long address;

  /**
   * Prepares a set in which nothing is watched yet.
   *
   * @param capacity the number of descriptors, 1 to 65536
   */
  public PollSet(int capacity) {
    if (capacity < 1 || capacity > 65536) {
      throw new IllegalArgumentException("capacity " + capacity);
    }
    this.capacity = capacity;
    this.memory = NativeBuffer.allocate((long) capacity * Abi.POLLFD_SIZE);
    this.pollfds = memory.asByteBuffer();
    this.address = memory.address();
    for (int i = 0; i < capacity; i++) {
      set(i, -1);
    }
  }

  /**
   * Watches a descriptor for input.
   *
   * @param index its place in the set
   * @param fd the descriptor, or -1 to leave this place empty
   */
  public void set(int index, int fd) {
    pollfds.putInt(at(index) + Abi.POLLFD_FD, fd);
    pollfds.putShort(at(index) + Abi.POLLFD_EVENTS, (short) Abi.POLLIN);
    pollfds.putShort(at(index) + Abi.POLLFD_REVENTS, (short) 0);
  }

  /**
   * Waits until one of them has something to say. HOT.
   *
   * @param timeoutMs how long at most; 0 only looks; -1 without end
   * @return how many have; 0 on time-out or when a signal came; else the negative errno
   */
  public int poll(int timeoutMs) {
    int ready = Libc.poll(address, capacity, timeoutMs);
    if (ready >= 0) {
      return ready;
    }
    int errno = Libc.errno();
    if (errno != Errno.EINTR) {
      return -errno;
    }
    // The kernel left the results of an earlier call in place.
    for (int i = 0; i < capacity; i++) {
      pollfds.putShort(at(i) + Abi.POLLFD_REVENTS, (short) 0);
    }
    return 0;
  }

  /** Whether reading would not block: there is input, or the end of it. HOT. */
  public boolean isReadable(int index) {
    return (revents(index) & Abi.POLLIN) != 0;
  }

  /** Whether the other side is gone, the descriptor failed, or it is not open. HOT. */
  public boolean isHangup(int index) {
    return (revents(index) & (Abi.POLLHUP | Abi.POLLERR | Abi.POLLNVAL)) != 0;
  }

  private int revents(int index) {
    return pollfds.getShort(at(index) + Abi.POLLFD_REVENTS);
  }

  private int at(int index) {
    if (index < 0 || index >= capacity) {
      throw new IndexOutOfBoundsException(index);
    }
    return index * Abi.POLLFD_SIZE;
  }

  /** Frees the set; the descriptors stay open. */
  @Override
  public void close() {
    memory.close();
  }
}
