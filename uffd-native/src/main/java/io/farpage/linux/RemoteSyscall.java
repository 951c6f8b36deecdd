package io.farpage.linux;

import io.farpage.linux.TracedThread.Stop;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Has a thread of another process execute system calls, by ptrace(2), and leaves no trace behind.
 *
 * <p>The thread may be anywhere: in a system call (which is restarted), in user code, in a group
 * stop (which stays), in a storm of signals (which are held back and delivered afterwards, with
 * their data). The process's other threads are not stopped.
 *
 * <p>The kernel lets only the OS thread that attached make the later calls; another one gets an
 * {@link IllegalStateException}. When that thread ends, or this process, the kernel detaches by
 * itself.
 *
 * <p>x86-64 only.
 */
public final class RemoteSyscall implements AutoCloseable {
  static final String NEEDS_PTRACE =
      "Farpage needs CAP_SYS_PTRACE for this (run it as root, or grant that capability), and no debugger may be"
          + " attached.";

  private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

  private static final long CODE_SEGMENT_64 = 0x33;
  private static final long EFLAGS_TRAP = 0x100;

  // What an interrupted system call leaves in rax for the kernel itself; never seen by programs.
  private static final long ERESTARTSYS = -512;
  private static final long ERESTARTNOHAND = -514;
  private static final long ERESTART_RESTARTBLOCK = -516;

  /** System calls that report EINTR also when a thread was only stopped for a moment. */
  private static final Set<Long> INTERRUPTED_BY_A_STOP =
      Set.of(
          (long) Abi.SYS_SEMOP,
          (long) Abi.SYS_RT_SIGTIMEDWAIT,
          (long) Abi.SYS_IO_GETEVENTS,
          (long) Abi.SYS_SEMTIMEDOP,
          (long) Abi.SYS_EPOLL_WAIT,
          (long) Abi.SYS_EPOLL_PWAIT,
          (long) Abi.SYS_IO_PGETEVENTS,
          (long) Abi.SYS_EPOLL_PWAIT2);

  private static final int SAVED = 0;
  private static final int SCRATCH = Abi.USER_REGS_SIZE;

  private static final int[] ARGUMENTS = {
    Abi.USER_REGS_RDI,
    Abi.USER_REGS_RSI,
    Abi.USER_REGS_RDX,
    Abi.USER_REGS_R10,
    Abi.USER_REGS_R8,
    Abi.USER_REGS_R9
  };

  private final int pid;
  private final Thread owner = Thread.currentThread();
  private final TracedThread thread;
  private final NativeBuffer memory = NativeBuffer.allocate(2 * Abi.USER_REGS_SIZE);
  private final ByteBuffer registers = memory.asByteBuffer();
  private long instruction;
  private long rseq;
  private long rseqCriticalSection;
  private boolean parked;
  private boolean registersSaved;
  private boolean closed;

  private RemoteSyscall(int pid, TracedThread thread) {
    this.pid = pid;
    this.thread = thread;
  }

  /**
   * Stops a process's main thread. When the process is a child of this JVM another thread is taken,
   * because the JVM itself waits for the main thread of its children and would take the stop for an
   * exit.
   *
   * @param pid the process
   * @throws LinuxException ESRCH when it does not exist or exits, EPERM without CAP_SYS_PTRACE or
   *     under a debugger, ETIMEDOUT when the thread does not leave the kernel
   */
  public static RemoteSyscall attach(int pid) throws LinuxException {
    return attach(pid, stoppableThread(pid));
  }

  /**
   * Stops one thread of a process.
   *
   * @param pid the process
   * @param tid the thread; not the main thread of a direct child of this JVM
   */
  public static RemoteSyscall attach(int pid, int tid) throws LinuxException {
    String architecture = System.getProperty("os.arch");
    if (!architecture.equals("amd64")) {
      throw new LinuxException("system calls in another process on " + architecture, Errno.ENOSYS);
    }
    RemoteSyscall remote = new RemoteSyscall(pid, TracedThread.seize(tid));
    try {
      remote.park();
      return remote;
    } catch (LinuxException | RuntimeException e) {
      remote.abandon(e);
      throw e;
    }
  }

  private static int stoppableThread(int pid) throws LinuxException {
    if (ProcessStatus.read(pid).parentPid() != ProcessHandle.current().pid()) {
      return pid;
    }
    try (var tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
      return tasks
          .map(task -> Integer.parseInt(task.getFileName().toString()))
          .filter(tid -> tid != pid)
          .min(Integer::compare)
          .orElseThrow(
              () ->
                  new LinuxException(
                      "process " + pid + " is a single-threaded child of this JVM",
                      Errno.ECHILD,
                      "The JVM would take its stop for an exit."));
    } catch (java.io.IOException e) {
      throw e instanceof LinuxException known
          ? known
          : ProcFile.failure("/proc/" + pid + "/task", e);
    }
  }

  private void park() throws LinuxException {
    thread.interrupt();
    thread.await(Stop.PARKED, System.nanoTime() + TIMEOUT_NS);
    parked = true;
    thread.blockSignals();
    thread.getRegisters(memory.address() + SAVED);
    registersSaved = true;
    if (registers.getLong(SAVED + Abi.USER_REGS_CS) != CODE_SEGMENT_64) {
      throw new LinuxException("process " + pid + " runs 32-bit code", Errno.ENOSYS);
    }
    restartWhatAStopInterrupts();
    rseq = thread.restartableSequence();
    if (rseq != 0) {
      rseqCriticalSection = thread.peek(rseq + Abi.RSEQ_CS);
    }
    instruction = SyscallInstruction.find(pid, registers.getLong(SAVED + Abi.USER_REGS_RIP));
  }

  private void restartWhatAStopInterrupts() {
    if (registers.getLong(SAVED + Abi.USER_REGS_RAX) == -Errno.EINTR
        && INTERRUPTED_BY_A_STOP.contains(registers.getLong(SAVED + Abi.USER_REGS_ORIG_RAX))) {
      // Still EINTR when a signal handler runs, else the call starts again.
      registers.putLong(SAVED + Abi.USER_REGS_RAX, ERESTARTNOHAND);
    }
  }

  /**
   * Executes a system call in the thread.
   *
   * @param number the system call's number
   * @param arguments up to six; addresses are the process's own
   * @return its raw result: a negative errno is not turned into an exception
   * @throws LinuxException ESRCH when the thread exits meanwhile, ETIMEDOUT when the call does not
   *     return
   */
  public long call(long number, long... arguments) throws LinuxException {
    checkOwner();
    if (!parked) {
      throw new IllegalStateException("the thread is not attached");
    }
    prepareScratch(number, arguments);
    thread.setRegisters(memory.address() + SCRATCH);
    parked = false;
    long deadlineNs = System.nanoTime() + TIMEOUT_NS;
    long result;
    try {
      thread.runToSyscallStop();
      thread.await(Stop.SYSCALL, deadlineNs);
      thread.runToSyscallStop();
      thread.await(Stop.SYSCALL, deadlineNs);
      thread.getRegisters(memory.address() + SCRATCH);
      result = registers.getLong(SCRATCH + Abi.USER_REGS_RAX);
      thread.setRegisters(memory.address() + SAVED);
      thread.interrupt();
      thread.run();
    } catch (LinuxException e) {
      if (e.errno() == Errno.ETIMEDOUT) {
        thread.interrupt();
        parkAgain();
      }
      throw e;
    }
    parkAgain();
    return result <= ERESTARTSYS && result >= ERESTART_RESTARTBLOCK ? -Errno.EINTR : result;
  }

  private void prepareScratch(long number, long[] arguments) {
    if (arguments.length > ARGUMENTS.length) {
      throw new IllegalArgumentException(arguments.length + " arguments");
    }
    for (int i = 0; i < Abi.USER_REGS_SIZE; i += Long.BYTES) {
      registers.putLong(SCRATCH + i, registers.getLong(SAVED + i));
    }
    for (int i = 0; i < arguments.length; i++) {
      registers.putLong(SCRATCH + ARGUMENTS[i], arguments[i]);
    }
    registers.putLong(SCRATCH + Abi.USER_REGS_RAX, number);
    // Not in a system call: else the kernel would first restart the interrupted one.
    registers.putLong(SCRATCH + Abi.USER_REGS_ORIG_RAX, -1);
    registers.putLong(SCRATCH + Abi.USER_REGS_RIP, instruction);
    long flags = registers.getLong(SCRATCH + Abi.USER_REGS_EFLAGS);
    registers.putLong(SCRATCH + Abi.USER_REGS_EFLAGS, flags & ~EFLAGS_TRAP);
  }

  /**
   * The thread must be released from where the kernel looks for signals and restarts system calls,
   * not from the exit of the injected call, where it would do neither.
   */
  private void parkAgain() throws LinuxException {
    thread.await(Stop.PARKED, System.nanoTime() + TIMEOUT_NS);
    parked = true;
  }

  /**
   * Restores the thread and lets it go. Does nothing the second time.
   *
   * @throws LinuxException when it cannot be restored; not when it has exited
   */
  @Override
  public void close() throws LinuxException {
    checkOwner();
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (registersSaved) {
        thread.setRegisters(memory.address() + SAVED);
      }
      if (rseqCriticalSection != 0) {
        // The kernel forgot it while the thread was elsewhere; told again, it aborts the sequence
        // as it should.
        thread.poke(rseq + Abi.RSEQ_CS, rseqCriticalSection);
      }
      thread.restoreSignals();
      thread.detach();
    } catch (LinuxException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    } finally {
      parked = false;
      thread.free();
      memory.close();
    }
  }

  private void abandon(Exception cause) {
    try {
      close();
    } catch (LinuxException e) {
      cause.addSuppressed(e);
    }
  }

  private void checkOwner() {
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException("attached by thread " + owner.getName());
    }
  }
}
