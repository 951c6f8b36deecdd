package io.farpage.linux;

import java.nio.ByteBuffer;

/**
 * A descriptor that is readable when one of the descriptors in it is, so that a changing set can be
 * waited on as one, in a {@link PollSet}. Not thread-safe.
 */
public final class EpollFd implements AutoCloseable {
  // room for the event with and without padding; the kernel reads the mask at the front
  private static final int EVENT_BYTES = 16;

  private final NativeBuffer memory;
  private int fd;

  private EpollFd(int fd) {
    this.fd = fd;
    this.memory = NativeBuffer.allocate(EVENT_BYTES);
    ByteBuffer event = memory.asByteBuffer();
    event.putInt(0, Abi.EPOLLIN);
  }

  /**
   * Makes an empty one.
   *
   * @throws LinuxException EMFILE when the process has no descriptor left
   */
  public static EpollFd create() throws LinuxException {
    int fd = Libc.epoll_create1(Abi.EPOLL_CLOEXEC);
    if (fd < 0) {
      throw new LinuxException("epoll_create1", Libc.errno());
    }
    return new EpollFd(fd);
  }

  /** The descriptor's number, -1 when closed. */
  public int fd() {
    return fd;
  }

  /**
   * Watches a descriptor for input.
   *
   * @throws LinuxException EEXIST when it is in the set, EPERM when it cannot be waited on
   */
  public void add(int watched) throws LinuxException {
    control(Abi.EPOLL_CTL_ADD, watched);
  }

  /**
   * Watches a descriptor no more; must come before the descriptor is closed.
   *
   * @throws LinuxException ENOENT when it is not in the set
   */
  public void remove(int watched) throws LinuxException {
    control(Abi.EPOLL_CTL_DEL, watched);
  }

  private void control(int operation, int watched) throws LinuxException {
    if (Libc.epoll_ctl(fd, operation, watched, memory.address()) != 0) {
      throw new LinuxException("epoll_ctl of descriptor " + watched, Libc.errno());
    }
  }

  /** Closes the descriptor; those in the set stay open. */
  @Override
  public void close() {
    if (fd >= 0) {
      Libc.close(fd);
      fd = -1;
      memory.close();
    }
  }
}
