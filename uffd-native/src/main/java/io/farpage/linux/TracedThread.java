package io.farpage.linux;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One thread of another process under ptrace(2): seize, interrupt, run to the next stop, detach.
 * Only the OS thread that seized it may call.
 */
final class TracedThread {
  private static final long POLL_NS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final int SYSCALL_STOP_SIGNAL = Abi.SIGTRAP | 0x80;
  private static final int SIGNAL_SET_BYTES = 8;

  /** Why a thread stopped. */
  enum Stop {
    /** At the entry or the exit of a system call. */
    SYSCALL,
    /** Because of an interrupt or a group stop, on its way back to user mode. */
    PARKED,
    /** Because a signal is about to be delivered. */
    SIGNAL
  }

  private static final int SAVED_MASK = 0;
  private static final int FULL_MASK = 8;
  private static final int WORD = 16;
  private static final int RSEQ = 24;
  private static final int MEMORY_BYTES = RSEQ + Abi.RSEQ_CONFIGURATION_SIZE;

  private final int tid;
  private final int[] status = new int[1];
  private final NativeBuffer memory = NativeBuffer.allocate(MEMORY_BYTES);
  private final ByteBuffer bytes = memory.asByteBuffer();
  private boolean signalsBlocked;

  private TracedThread(int tid) {
    this.tid = tid;
    bytes.putLong(FULL_MASK, -1);
  }

  /** Seizes a thread; it goes on running. */
  static TracedThread seize(int tid) throws LinuxException {
    if (ptrace(Abi.PTRACE_SEIZE, tid, 0, Abi.PTRACE_O_TRACESYSGOOD) != 0) {
      int errno = Libc.errno();
      if (errno == Errno.EPERM && hasExited(tid)) {
        errno = Errno.ESRCH;
      }
      String what = "PTRACE_SEIZE of thread " + tid;
      throw errno == Errno.EPERM
          ? new LinuxException(what, errno, RemoteSyscall.NEEDS_PTRACE)
          : new LinuxException(what, errno);
    }
    return new TracedThread(tid);
  }

  // A thread that is exiting, or that nobody has waited for yet, has no memory any more; the kernel
  // says EPERM then.
  private static boolean hasExited(int tid) {
    try {
      return ProcFile.read("/proc/" + tid + "/statm").startsWith("0 ");
    } catch (LinuxException e) {
      return e.errno() == Errno.ESRCH;
    }
  }

  /** Asks for a {@link Stop#PARKED}, as soon as the thread is on its way back to user mode. */
  void interrupt() throws LinuxException {
    request(Abi.PTRACE_INTERRUPT, 0, 0, "PTRACE_INTERRUPT");
  }

  /** Lets the thread run to its next stop at a system call. */
  void runToSyscallStop() throws LinuxException {
    request(Abi.PTRACE_SYSCALL, 0, 0, "PTRACE_SYSCALL");
  }

  /** Lets the thread run. */
  void run() throws LinuxException {
    request(Abi.PTRACE_CONT, 0, 0, "PTRACE_CONT");
  }

  /** Copies the registers ({@code struct user_regs_struct}) to an address of this process. */
  void getRegisters(long address) throws LinuxException {
    request(Abi.PTRACE_GETREGS, 0, address, "PTRACE_GETREGS");
  }

  /** Sets the registers from an address of this process. */
  void setRegisters(long address) throws LinuxException {
    request(Abi.PTRACE_SETREGS, 0, address, "PTRACE_SETREGS");
  }

  /** Holds back all signals that can be held back, from now to {@link #restoreSignals}. */
  void blockSignals() throws LinuxException {
    if (!signalsBlocked) {
      request(
          Abi.PTRACE_GETSIGMASK,
          SIGNAL_SET_BYTES,
          memory.address() + SAVED_MASK,
          "PTRACE_GETSIGMASK");
      request(
          Abi.PTRACE_SETSIGMASK,
          SIGNAL_SET_BYTES,
          memory.address() + FULL_MASK,
          "PTRACE_SETSIGMASK");
      signalsBlocked = true;
    }
  }

  /** Gives the thread its own mask of blocked signals back. */
  void restoreSignals() throws LinuxException {
    if (signalsBlocked) {
      request(
          Abi.PTRACE_SETSIGMASK,
          SIGNAL_SET_BYTES,
          memory.address() + SAVED_MASK,
          "PTRACE_SETSIGMASK");
      signalsBlocked = false;
    }
  }

  /** Reads 8 bytes of its memory. */
  long peek(long address) throws LinuxException {
    request(Abi.PTRACE_PEEKDATA, address, memory.address() + WORD, "PTRACE_PEEKDATA");
    return bytes.getLong(WORD);
  }

  /** Writes 8 bytes of its memory. */
  void poke(long address, long value) throws LinuxException {
    request(Abi.PTRACE_POKEDATA, address, value, "PTRACE_POKEDATA");
  }

  /**
   * The address of its {@code struct rseq}; 0 when it has none, or the kernel (before 5.13) does
   * not tell.
   */
  long restartableSequence() {
    long size =
        ptrace(
            Abi.PTRACE_GET_RSEQ_CONFIGURATION,
            tid,
            Abi.RSEQ_CONFIGURATION_SIZE,
            memory.address() + RSEQ);
    return size > 0 ? bytes.getLong(RSEQ + Abi.RSEQ_CONFIGURATION_POINTER) : 0;
  }

  /** Lets the thread go on as if nothing had been. */
  void detach() throws LinuxException {
    request(Abi.PTRACE_DETACH, 0, 0, "PTRACE_DETACH");
  }

  /** Frees what belongs to this object; the thread must be detached or gone. */
  void free() {
    memory.close();
  }

  /**
   * Waits for a stop. A signal that is reported first is delivered: the thread then stops at the
   * start of its handler. (Put back, it would end up behind those that came after it.)
   *
   * @param wanted the stop to wait for; others are passed over
   * @param deadlineNs in terms of {@link System#nanoTime}
   * @throws LinuxException ESRCH when the thread exits, ETIMEDOUT
   */
  void await(Stop wanted, long deadlineNs) throws LinuxException {
    int resume = wanted == Stop.SYSCALL ? Abi.PTRACE_SYSCALL : Abi.PTRACE_CONT;
    while (true) {
      awaitAny(deadlineNs);
      int signal = status[0] >> 8 & 0xff;
      Stop stop = Stop.SIGNAL;
      if (status[0] >> 16 == Abi.PTRACE_EVENT_STOP) {
        stop = Stop.PARKED;
      } else if (signal == SYSCALL_STOP_SIGNAL) {
        stop = Stop.SYSCALL;
      }
      if (stop == wanted) {
        return;
      }
      if (wanted == Stop.PARKED) {
        // Any stop uses up the interrupt that was asked for before it.
        interrupt();
      }
      request(resume, 0, stop == Stop.SIGNAL ? signal : 0, "resuming");
    }
  }

  private void awaitAny(long deadlineNs) throws LinuxException {
    while (true) {
      int result = Libc.waitpid(tid, status, Abi.WNOHANG | Abi.WALL);
      if (result == tid) {
        if ((status[0] & 0xff) == 0x7f) {
          return;
        }
        throw new LinuxException("thread " + tid + " exited while it was traced", Errno.ESRCH);
      }
      if (result < 0) {
        int errno = Libc.errno();
        if (errno == Errno.ECHILD) {
          throw new LinuxException("thread " + tid + " is gone", Errno.ESRCH);
        }
        if (errno != Errno.EINTR) {
          throw new LinuxException("waitpid " + tid, errno);
        }
      }
      if (System.nanoTime() - deadlineNs > 0) {
        throw new LinuxException(
            "waiting for thread " + tid + " to stop",
            Errno.ETIMEDOUT,
            "It does not leave the kernel.");
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  private void request(int request, long address, long data, String name) throws LinuxException {
    if (ptrace(request, tid, address, data) == -1) {
      throw new LinuxException(name + " of thread " + tid, Libc.errno());
    }
  }

  // The system call, not the C library's function, which returns the peeked word where errors are.
  private static long ptrace(int request, int tid, long address, long data) {
    return Libc.syscall(Abi.SYS_PTRACE, request, tid, address, data, 0, 0);
  }
}
