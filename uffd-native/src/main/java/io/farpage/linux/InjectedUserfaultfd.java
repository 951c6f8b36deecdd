package io.farpage.linux;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Makes a userfaultfd inside another process, for that process's memory, and fetches a copy. */
public final class InjectedUserfaultfd {
  private InjectedUserfaultfd() {}

  /**
   * Has the process call {@code userfaultfd(O_CLOEXEC|O_NONBLOCK)} and copies the descriptor. The
   * process's own copy stays open, and with it every registration, also when this process dies.
   *
   * @param pid the process
   * @throws LinuxException EPERM when this process may not trace, or that one may not have a
   *     userfaultfd: the message says which and what to do
   */
  public static RemoteUserfaultfd open(int pid) throws LinuxException {
    return onOwnThread(
        () -> {
          try (PidFd process = PidFd.open(pid);
              RemoteSyscall remote = RemoteSyscall.attach(pid)) {
            long result = remote.call(Abi.SYS_USERFAULTFD, Abi.O_CLOEXEC | Abi.O_NONBLOCK);
            if (result < 0) {
              throw refused(pid, (int) -result);
            }
            int remoteFd = (int) result;
            try {
              return new RemoteUserfaultfd(
                  Userfaultfd.adopt(process.getFd(remoteFd)), pid, remoteFd);
            } catch (LinuxException e) {
              remote.call(Abi.SYS_CLOSE, remoteFd);
              throw e;
            }
          }
        });
  }

  /**
   * Closes the process's own copy. When it is the last one, the registrations end.
   *
   * @param pid the process
   * @param remoteFd {@link RemoteUserfaultfd#remoteFd}
   * @throws LinuxException EBADF when it is not open there
   */
  public static void closeRemote(int pid, int remoteFd) throws LinuxException {
    onOwnThread(
        () -> {
          try (RemoteSyscall remote = RemoteSyscall.attach(pid)) {
            long result = remote.call(Abi.SYS_CLOSE, remoteFd);
            if (result < 0) {
              throw new LinuxException(
                  "close of descriptor " + remoteFd + " of process " + pid, (int) -result);
            }
            return null;
          }
        });
  }

  private static LinuxException refused(int pid, int errno) {
    String what = "userfaultfd in process " + pid;
    return errno == Errno.EPERM
        ? new LinuxException(
            what,
            errno,
            "QEMU lacks CAP_SYS_PTRACE: set sysctl vm.unprivileged_userfaultfd=1 or run QEMU with that capability.")
        : new LinuxException(what, errno);
  }

  /** When this thread ends, the kernel lets go of whatever could not be detached in order. */
  private static <T> T onOwnThread(Callable<T> work) throws LinuxException {
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread = new Thread(task, "farpage-ptrace");
    thread.start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          // Half an injection is worse than a late one; it is bounded in time.
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof LinuxException failure) {
            failure.addSuppressed(
                new Exception("asked for by thread " + Thread.currentThread().getName()));
            throw failure;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
