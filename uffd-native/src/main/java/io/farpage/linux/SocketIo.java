package io.farpage.linux;

/**
 * Receiving and sending by descriptor number and memory address, without a copy and without
 * allocation.
 */
public final class SocketIo {
  /** Flag: look, but leave the bytes in the socket. */
  public static final int MSG_PEEK = 2;

  /** Flag: EAGAIN instead of blocking. */
  public static final int MSG_DONTWAIT = 0x40;

  /** Flag of recv: block until all bytes have come, the other side closes, or a signal arrives. */
  public static final int MSG_WAITALL = 0x100;

  /** Flag of send: EPIPE without the signal. */
  public static final int MSG_NOSIGNAL = 0x4000;

  /** Flag of send: more follows at once, so do not send a packet for this alone. */
  public static final int MSG_MORE = 0x8000;

  private SocketIo() {}

  /**
   * recv(2) into memory of this process. HOT.
   *
   * @param fd a connected socket
   * @param address where to
   * @param lengthBytes the most bytes, &gt; 0
   * @param flags of this class
   * @return how many bytes; 0 when the other side has closed; else the negative errno (EAGAIN,
   *     EINTR, EFAULT...)
   */
  public static long recv(int fd, long address, long lengthBytes, int flags) {
    long bytes = Libc.recv(fd, address, lengthBytes, flags);
    return bytes >= 0 ? bytes : -Libc.errno();
  }

  /**
   * send(2) from memory of this process. HOT.
   *
   * @param fd a connected socket
   * @param address where from
   * @param lengthBytes how many bytes at most
   * @param flags of this class
   * @return how many bytes; else the negative errno (EAGAIN, EINTR, EPIPE, ECONNRESET...)
   */
  public static long send(int fd, long address, long lengthBytes, int flags) {
    long bytes = Libc.send(fd, address, lengthBytes, flags);
    return bytes >= 0 ? bytes : -Libc.errno();
  }

  /**
   * Two connected UNIX stream sockets, close-on-exec.
   *
   * @throws LinuxException EMFILE when the process has no descriptor left
   */
  public static int[] pair() throws LinuxException {
    int[] fds = new int[2];
    if (Libc.socketpair(Abi.AF_UNIX, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0, fds) != 0) {
      throw new LinuxException("socketpair", Libc.errno());
    }
    return fds;
  }

  /**
   * Ends both directions: whoever blocks in a call on this socket returns. Errors are of no
   * interest.
   */
  public static void shutdown(int fd) {
    Libc.shutdown(fd, Abi.SHUT_RDWR);
  }

  /** Closes a descriptor; -1 is ignored. */
  public static void close(int fd) {
    if (fd >= 0) {
      Libc.close(fd);
    }
  }
}
