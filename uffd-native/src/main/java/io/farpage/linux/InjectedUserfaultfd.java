package io.farpage.linux;

import java.util.ArrayList;
import java.util.List;
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
    return open(pid, 1).get(0);
  }

  /**
   * Makes several of them, all or none, while one of the process's threads stands still once. A
   * range of memory can be registered with one of them only.
   *
   * @param pid the process
   * @param count how many
   * @throws LinuxException as {@link #open(int)}, and EMFILE when the process may not have so many
   *     descriptors
   */
  public static List<RemoteUserfaultfd> open(int pid, int count) throws LinuxException {
    return onOwnThread(
        () -> {
          List<RemoteUserfaultfd> opened = new ArrayList<>(count);
          try (PidFd process = PidFd.open(pid);
              RemoteSyscall remote = RemoteSyscall.attach(pid)) {
            try {
              for (int i = 0; i < count; i++) {
                opened.add(open(process, remote, pid));
              }
            } catch (LinuxException e) {
              for (RemoteUserfaultfd each : opened) {
                each.local().close();
                remote.call(Abi.SYS_CLOSE, each.remoteFd());
              }
              throw e;
            }
          }
          return List.copyOf(opened);
        });
  }

  private static RemoteUserfaultfd open(PidFd process, RemoteSyscall remote, int pid)
      throws LinuxException {
    long result = remote.call(Abi.SYS_USERFAULTFD, Abi.O_CLOEXEC | Abi.O_NONBLOCK);
    if (result < 0) {
      throw refused(pid, (int) -result);
    }
    int remoteFd = (int) result;
    try {
      return new RemoteUserfaultfd(Userfaultfd.adopt(process.getFd(remoteFd)), pid, remoteFd);
    } catch (LinuxException e) {
      remote.call(Abi.SYS_CLOSE, remoteFd);
      throw e;
    }
  }

  /**
   * Closes the process's own copies. When a copy is the last one, its registrations end.
   *
   * @param pid the process
   * @param remoteFds {@link RemoteUserfaultfd#remoteFd} of each; all are tried
   * @throws LinuxException EBADF when one is not open there
   */
  public static void closeRemote(int pid, int... remoteFds) throws LinuxException {
    onOwnThread(
        () -> {
          LinuxException failure = null;
          try (RemoteSyscall remote = RemoteSyscall.attach(pid)) {
            for (int remoteFd : remoteFds) {
              long result = remote.call(Abi.SYS_CLOSE, remoteFd);
              if (result < 0 && failure == null) {
                failure =
                    new LinuxException(
                        "close of descriptor " + remoteFd + " of process " + pid, (int) -result);
              }
            }
          }
          if (failure != null) {
            throw failure;
          }
          return null;
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
