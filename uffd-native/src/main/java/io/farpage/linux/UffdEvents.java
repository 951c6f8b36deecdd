package io.farpage.linux;

import java.nio.ByteBuffer;

/**
 * A batch of events read from a {@link Userfaultfd}. One per thread; not thread-safe. {@link
 * #readFrom} and the getters allocate nothing.
 */
public final class UffdEvents implements AutoCloseable {
  private final NativeBuffer memory;
  private final ByteBuffer messages;
  private final long address;
  private final int capacityBytes;
  private int count;

  /**
   * Prepares a batch.
   *
   * @param capacity the most events of one read, 1 to 65536
   */
  public UffdEvents(int capacity) {
    if (capacity < 1 || capacity > 65536) {
      throw new IllegalArgumentException("capacity " + capacity);
    }
    this.capacityBytes = capacity * UffdConstants.MSG_SIZE;
    this.memory = NativeBuffer.allocate(capacityBytes);
    this.messages = memory.asByteBuffer();
    this.address = memory.address();
  }

  /**
   * Reads the events that wait, up to the capacity, without blocking. HOT.
   *
   * @return how many; 0 when there are none; the negative errno otherwise (ENODEV and ESRCH: the
   *     process is gone)
   */
  public int readFrom(Userfaultfd uffd) {
    count = 0;
    long bytes = Libc.read(uffd.fd(), address, capacityBytes);
    if (bytes < 0) {
      int errno = Libc.errno();
      return errno == Errno.EAGAIN || errno == Errno.EINTR ? 0 : -errno;
    }
    count = (int) bytes / UffdConstants.MSG_SIZE;
    return count;
  }

  /** How many events the last read gave. */
  public int count() {
    return count;
  }

  /** The kind of event {@code i}: {@link UffdConstants#EVENT_PAGEFAULT} and so on. */
  public int event(int i) {
    return messages.get(at(i) + UffdConstants.MSG_EVENT);
  }

  /**
   * The address of page fault {@code i}, of its page unless {@link UffdFeature#EXACT_ADDRESS} was
   * asked for.
   */
  public long address(int i) {
    return messages.getLong(at(i) + UffdConstants.MSG_PAGEFAULT_ADDRESS);
  }

  /**
   * Whether page fault {@code i} is for a page that the file has, so that only CONTINUE is needed.
   */
  public boolean isMinor(int i) {
    return (flags(i) & UffdConstants.PAGEFAULT_FLAG_MINOR) != 0;
  }

  /** Whether page fault {@code i} is a write. */
  public boolean isWrite(int i) {
    return (flags(i) & UffdConstants.PAGEFAULT_FLAG_WRITE) != 0;
  }

  /** Whether page fault {@code i} is a write to a protected page. */
  public boolean isWriteProtected(int i) {
    return (flags(i) & UffdConstants.PAGEFAULT_FLAG_WP) != 0;
  }

  /** The thread that faulted, when {@link UffdFeature#THREAD_ID} was asked for, else 0. */
  public int threadId(int i) {
    return messages.getInt(at(i) + UffdConstants.MSG_PAGEFAULT_PTID);
  }

  /** The first byte of the range of a REMOVE or UNMAP event {@code i}. */
  public long rangeStart(int i) {
    return messages.getLong(at(i) + UffdConstants.MSG_REMOVE_START);
  }

  /** The first byte behind the range of a REMOVE or UNMAP event {@code i}. */
  public long rangeEnd(int i) {
    return messages.getLong(at(i) + UffdConstants.MSG_REMOVE_END);
  }

  private long flags(int i) {
    return messages.getLong(at(i) + UffdConstants.MSG_PAGEFAULT_FLAGS);
  }

  private int at(int i) {
    if (i < 0 || i >= count) {
      throw new IndexOutOfBoundsException(i);
    }
    return i * UffdConstants.MSG_SIZE;
  }

  /** Frees the batch. */
  @Override
  public void close() {
    memory.close();
  }
}
