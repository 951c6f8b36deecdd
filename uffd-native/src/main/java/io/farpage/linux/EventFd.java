package io.farpage.linux;

import java.nio.ByteOrder;

/**
 * A descriptor by which one thread wakes another from its {@link PollSet}. {@link #signal} is
 * thread-safe.
 */
public final class EventFd implements AutoCloseable {
  private final NativeBuffer memory;
  private final long oneAddress;
  private final long drainAddress;
  private volatile int fd;

  private EventFd(int fd) {
    this.fd = fd;
    this.memory = NativeBuffer.allocate(2 * Long.BYTES);
    this.oneAddress = memory.address();
    this.drainAddress = memory.address() + Long.BYTES;
    memory.asByteBuffer().order(ByteOrder.nativeOrder()).putLong(0, 1);
  }

  /**
   * Makes one that is not signalled.
   *
   * @throws LinuxException EMFILE when the process has no descriptor left
   */
  public static EventFd create() throws LinuxException {
    int fd = Libc.eventfd(0, Abi.EFD_CLOEXEC | Abi.EFD_NONBLOCK);
    if (fd < 0) {
      throw new LinuxException("eventfd", Libc.errno());
    }
    return new EventFd(fd);
  }

  /** The descriptor's number, -1 when closed. */
  public int fd() {
    return fd;
  }

  /** Makes the descriptor readable until the next {@link #drain}. HOT. */
  public void signal() {
    Libc.write(fd, oneAddress, Long.BYTES);
  }

  /** Makes the descriptor not readable; does nothing when it is not. HOT. */
  public void drain() {
    Libc.read(fd, drainAddress, Long.BYTES);
  }

  /** Closes the descriptor. No other thread may be in {@link #signal} then. */
  @Override
  public synchronized void close() {
    int closing = fd;
    fd = -1;
    if (closing >= 0) {
      Libc.close(closing);
      memory.close();
    }
  }
}
