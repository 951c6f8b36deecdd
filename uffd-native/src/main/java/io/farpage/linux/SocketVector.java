package io.farpage.linux;

import java.nio.ByteBuffer;

/**
 * Several ranges of memory that one call receives into, or sends from (recvmsg(2), sendmsg(2)). One
 * per thread; not thread-safe. Allocates nothing after construction.
 */
public final class SocketVector implements AutoCloseable {
  private final int capacity;
  private final NativeBuffer memory;
  private final ByteBuffer fields;
  private int count;

  /**
   * Prepares an empty vector.
   *
   * @param capacity the most ranges, 1 to 1024
   */
  public SocketVector(int capacity) {
    if (capacity < 1 || capacity > 1024) {
      throw new IllegalArgumentException("capacity " + capacity);
    }
    this.capacity = capacity;
    memory = NativeBuffer.allocate(Abi.MSGHDR_SIZE + (long) capacity * Abi.IOVEC_SIZE);
    fields = memory.asByteBuffer();
    for (int i = 0; i < Abi.MSGHDR_SIZE; i++) {
      fields.put(i, (byte) 0);
    }
    fields.putLong(Abi.MSGHDR_IOV, memory.address() + Abi.MSGHDR_SIZE);
  }

  /** Forgets all ranges. HOT. */
  public void clear() {
    count = 0;
  }

  /**
   * Adds a range. HOT.
   *
   * @return false when the vector is full
   */
  public boolean add(long address, long lengthBytes) {
    if (count == capacity) {
      return false;
    }
    int at = Abi.MSGHDR_SIZE + count * Abi.IOVEC_SIZE;
    fields.putLong(at + Abi.IOVEC_BASE, address);
    fields.putLong(at + Abi.IOVEC_LEN, lengthBytes);
    count++;
    return true;
  }

  /**
   * Receives into the ranges, in order. HOT.
   *
   * @return how many bytes; 0 when the other side has closed; else the negative errno
   */
  public long recv(int fd, int flags) {
    fields.putLong(Abi.MSGHDR_IOVLEN, count);
    long bytes = Libc.recvmsg(fd, memory.address(), flags);
    return bytes >= 0 ? bytes : -Libc.errno();
  }

  /**
   * Sends the ranges, in order. HOT.
   *
   * @return how many bytes; else the negative errno
   */
  public long send(int fd, int flags) {
    fields.putLong(Abi.MSGHDR_IOVLEN, count);
    long bytes = Libc.sendmsg(fd, memory.address(), flags);
    return bytes >= 0 ? bytes : -Libc.errno();
  }

  @Override
  public void close() {
    memory.close();
  }
}
