package io.farpage.linux;

import java.util.concurrent.TimeUnit;

/**
 * A handle on a process that stays on that process, whatever becomes of its number. Thread-safe.
 */
public final class PidFd implements AutoCloseable {
  private final int pid;
  private volatile int fd;

  private PidFd(int pid, int fd) {
    this.pid = pid;
    this.fd = fd;
  }

  /**
   * pidfd_open(2).
   *
   * @param pid a process (not a thread of one)
   * @throws LinuxException ESRCH when there is none, EINVAL for the id of a thread
   */
  public static PidFd open(int pid) throws LinuxException {
    int fd = (int) Libc.syscall(Abi.SYS_PIDFD_OPEN, pid, 0, 0);
    if (fd < 0) {
      throw new LinuxException("pidfd_open of process " + pid, Libc.errno());
    }
    return new PidFd(pid, fd);
  }

  /** The process's number. */
  public int pid() {
    return pid;
  }

  /**
   * pidfd_getfd(2): a copy of one of the process's descriptors.
   *
   * @param remoteFd its number there
   * @return its number here, close-on-exec; for the caller to close
   * @throws LinuxException EBADF when the process has no such descriptor, EPERM without
   *     CAP_SYS_PTRACE
   */
  public int getFd(int remoteFd) throws LinuxException {
    int local = (int) Libc.syscall(Abi.SYS_PIDFD_GETFD, fd, remoteFd, 0);
    if (local < 0) {
      int errno = Libc.errno();
      String what = "pidfd_getfd of descriptor " + remoteFd + " of process " + pid;
      throw errno == Errno.EPERM
          ? new LinuxException(what, errno, RemoteSyscall.NEEDS_PTRACE)
          : new LinuxException(what, errno);
    }
    return local;
  }

  /**
   * Sends a signal.
   *
   * @param signo the signal's number; 0 only checks
   * @throws LinuxException ESRCH when the process has exited and was waited for
   */
  public void sendSignal(int signo) throws LinuxException {
    if (Libc.syscall(Abi.SYS_PIDFD_SEND_SIGNAL, fd, signo, 0) != 0) {
      throw new LinuxException("signal " + signo + " to process " + pid, Libc.errno());
    }
  }

  /**
   * Waits for the process to exit.
   *
   * @param timeoutMs how long at most; 0 only looks
   * @return whether it has exited
   * @throws LinuxException when this handle is closed
   */
  public boolean awaitExit(long timeoutMs) throws LinuxException {
    long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    try (PollSet poll = new PollSet(1)) {
      poll.set(0, fd);
      while (true) {
        long leftMs = Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime()));
        int ready = poll.poll((int) Math.min(leftMs, Integer.MAX_VALUE));
        if (ready < 0) {
          throw new LinuxException("poll of the pidfd of process " + pid, -ready);
        }
        if (ready > 0) {
          return poll.isReadable(0);
        }
        if (leftMs == 0) {
          return false;
        }
      }
    }
  }

  /** Whether the process has exited. */
  public boolean hasExited() throws LinuxException {
    return awaitExit(0);
  }

  /** Closes the handle; the process goes on. */
  @Override
  public synchronized void close() {
    int closing = fd;
    fd = -1;
    if (closing >= 0) {
      Libc.close(closing);
    }
  }
}
