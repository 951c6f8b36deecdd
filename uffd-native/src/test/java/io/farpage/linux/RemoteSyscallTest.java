package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RemoteSyscallTest {
  private static final int SIGCONT = 18;
  private static final int SIGSTOP = 19;
  private static final int SIGTERM = 15;
  private static final int SYS_READ = 0;
  private static final int SYS_POLL = 7;
  private static final int SYS_PPOLL = 271;
  private static final int SYS_CLOCK_NANOSLEEP = 230;

  @TempDir static Path directory;
  private static Path tracee;

  @BeforeAll
  static void compileTheTracee() throws Exception {
    tracee = CProgram.compile("tracee", directory);
  }

  private static void inject(int pid, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      try (RemoteSyscall remote = RemoteSyscall.attach(pid)) {
        assertEquals(pid, remote.call(Abi.SYS_GETPID));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"poll, 7", "nanosleep, 230", "ppoll, 271", "epoll, 232"})
  void aSleepGoesOnAsIfNothingHadHappened(String call, long syscall) throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, call, 1500)) {
      child.awaitSyscall(syscall);
      inject(child.pid(), 50);
      String[] result = child.readLine().split(" ");
      assertEquals(List.of("0", "0"), List.of(result[0], result[1]));
      assertTrue(Long.parseLong(result[2]) >= 1500, "it slept " + result[2] + " ms");
    }
  }

  @Test
  void aReadGoesOnWaitingForItsByte() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "read")) {
      child.awaitSyscall(SYS_READ);
      inject(child.pid(), 50);
      child.awaitSyscall(SYS_READ);
      assertTrue(child.ask("x").startsWith("1 0 "));
    }
  }

  @Test
  void userCodeKeepsItsRegisters() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "spin")) {
      inject(child.pid(), 500);
      child.signal(SIGTERM);
      assertEquals("1", child.readLine());
    }
  }

  @Test
  void aStoppedProcessStaysStoppedAndGoesOnWhenTold() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "read")) {
      child.awaitSyscall(SYS_READ);
      child.signal(SIGSTOP);
      child.awaitState('T');
      for (int i = 0; i < 20; i++) {
        inject(child.pid(), 1);
        child.awaitState('T');
      }
      child.signal(SIGCONT);
      child.awaitSyscall(SYS_READ);
      assertTrue(child.ask("x").startsWith("1 0 "));
    }
  }

  @Test
  void aProcessThatIsStoppedDuringTheInjectionIsStoppedAfterwards() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "read")) {
      child.awaitSyscall(SYS_READ);
      try (RemoteSyscall remote = RemoteSyscall.attach(child.pid())) {
        child.signal(SIGSTOP);
        assertEquals(child.pid(), remote.call(Abi.SYS_GETPID));
        assertEquals(child.pid(), remote.call(Abi.SYS_GETPID));
      }
      child.awaitState('T');
      child.signal(SIGCONT);
      child.awaitSyscall(SYS_READ);
      assertTrue(child.ask("x").startsWith("1 0 "));
    }
  }

  @Test
  void noSignalOfAStormIsLostOrReordered() throws Exception {
    int count = 20_000;
    try (ChildProcess child = ChildProcess.startTracee(tracee, "signals", count)) {
      CompletableFuture<String> result =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return child.readLine();
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              });
      int injections = 0;
      while (!result.isDone()) {
        try {
          inject(child.pid(), 1);
          injections++;
        } catch (LinuxException e) {
          assertEquals(Errno.ESRCH, e.errno(), e.getMessage());
          break;
        }
      }
      assertEquals(count + " 0 0", result.join());
      assertTrue(injections > 20, "only " + injections + " injections");
    }
  }

  @Test
  void anyThreadOfAProcessWillDo() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "threads", 4)) {
      while (ProcessStatus.read(child.pid()).threadCount() < 5) {
        Thread.sleep(1);
      }
      List<Integer> threads = threadsOf(child.pid());
      for (int i = 0; i < 20; i++) {
        for (int tid : threads) {
          try (RemoteSyscall remote = RemoteSyscall.attach(child.pid(), tid)) {
            assertEquals(tid, remote.call(Abi.SYS_GETTID));
            assertEquals(child.pid(), remote.call(Abi.SYS_GETPID));
          }
        }
      }
      child.signal(SIGTERM);
      assertEquals("joined", child.readLine());
    }
  }

  private static List<Integer> threadsOf(int pid) throws IOException {
    try (var tasks = java.nio.file.Files.list(Path.of("/proc/" + pid + "/task"))) {
      return tasks.map(task -> Integer.valueOf(task.getFileName().toString())).toList();
    }
  }

  @Test
  void aProcessThatIsKilledMeanwhileGivesAClearFailure() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "read")) {
      RemoteSyscall remote = RemoteSyscall.attach(child.pid());
      child.signal(9);
      LinuxException failure =
          assertThrows(
              LinuxException.class,
              () -> {
                while (true) {
                  remote.call(Abi.SYS_GETPID);
                }
              });
      assertEquals(Errno.ESRCH, failure.errno(), failure.getMessage());
      remote.close();
    }
  }

  @Test
  void aCallThatDoesNotReturnIsBrokenOff() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "poll", 100_000)) {
      child.awaitSyscall(SYS_POLL);
      try (RemoteSyscall remote = RemoteSyscall.attach(child.pid())) {
        LinuxException failure =
            assertThrows(LinuxException.class, () -> remote.call(SYS_PPOLL, 0, 0, 0, 0, 0));
        assertEquals(Errno.ETIMEDOUT, failure.errno());
        assertEquals(child.pid(), remote.call(Abi.SYS_GETPID));
      }
      child.awaitState('S');
    }
  }

  @Test
  void anErrorOfTheCallComesBackAsItIs() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "poll", 100_000);
        RemoteSyscall remote = RemoteSyscall.attach(child.pid())) {
      assertEquals(-Errno.EBADF, remote.call(Abi.SYS_CLOSE, 999));
      assertEquals(-Errno.ENOSYS, remote.call(9999));
    }
  }

  @Test
  void onlyTheThreadThatAttachedMayCall() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "poll", 100_000);
        RemoteSyscall remote = RemoteSyscall.attach(child.pid())) {
      CompletionException failure =
          assertThrows(
              CompletionException.class,
              () ->
                  CompletableFuture.runAsync(
                          () -> {
                            try {
                              remote.call(Abi.SYS_GETPID);
                            } catch (LinuxException e) {
                              throw new CompletionException(e);
                            }
                          })
                      .join());
      assertEquals(IllegalStateException.class, failure.getCause().getClass());
    }
  }

  @Test
  void aProcessThatDoesNotExistOrIsTracedAlreadyGivesAClearFailure() throws Exception {
    assertEquals(
        Errno.ESRCH,
        assertThrows(LinuxException.class, () -> RemoteSyscall.attach(0x3fffff)).errno());
    try (ChildProcess child = ChildProcess.startTracee(tracee, "poll", 100_000);
        RemoteSyscall remote = RemoteSyscall.attach(child.pid())) {
      LinuxException failure =
          assertThrows(LinuxException.class, () -> RemoteSyscall.attach(child.pid()));
      assertEquals(Errno.EPERM, failure.errno());
      assertTrue(failure.getMessage().contains("CAP_SYS_PTRACE"), failure.getMessage());
      assertEquals(child.pid(), remote.call(Abi.SYS_GETPID));
    }
  }

  @Test
  void aSingleThreadedChildOfTheJvmIsRefusedAndLives() throws Exception {
    Process child = new ProcessBuilder(tracee.toString(), "poll", "100000").start();
    try {
      assertEquals(child.pid(), Long.parseLong(child.inputReader().readLine()));
      LinuxException failure =
          assertThrows(LinuxException.class, () -> RemoteSyscall.attach((int) child.pid()));
      assertEquals(Errno.ECHILD, failure.errno());
      assertTrue(child.isAlive());
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  @Test
  void fiveHundredInjectionsLeaveNothingBehind() throws Exception {
    try (ChildProcess child = ChildProcess.startTracee(tracee, "read")) {
      child.awaitSyscall(SYS_READ);
      Snapshot before = Snapshot.of(child);
      for (int i = 0; i < 500; i++) {
        RemoteUserfaultfd remote = InjectedUserfaultfd.open(child.pid());
        remote.local().close();
        InjectedUserfaultfd.closeRemote(child.pid(), remote.remoteFd());
      }
      child.awaitSyscall(SYS_READ);
      assertEquals(before, Snapshot.of(child));
      assertTrue(child.ask("x").startsWith("1 0 "));
    }
  }

  @Test
  void qemuInItsSandboxGetsAUserfaultfdAndNothingElseChanges() throws Exception {
    for (String machine : List.of("none", "pc")) {
      try (ChildProcess qemu =
          ChildProcess.start(
              "qemu-system-x86_64",
              "-sandbox",
              "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
              "-machine",
              machine,
              "-nodefaults",
              "-display",
              "none",
              "-S",
              "-qmp",
              "stdio")) {
        assertTrue(qemu.readLine().contains("QMP"));
        assertTrue(qemu.ask("{\"execute\":\"qmp_capabilities\"}").contains("return"));
        Snapshot before = Snapshot.of(qemu);
        for (int i = 0; i < 500; i++) {
          RemoteUserfaultfd remote = InjectedUserfaultfd.open(qemu.pid());
          assertEquals(
              "anon_inode:[userfaultfd]", ProcessFds.read(qemu.pid()).get(remote.remoteFd()));
          InjectedUserfaultfd.closeRemote(qemu.pid(), remote.remoteFd());
          assertTrue(UffdFeature.MINOR_SHMEM.in(remote.local().handshake(0)));
          remote.local().close();
        }
        assertTrue(qemu.ask("{\"execute\":\"query-status\"}").contains("prelaunch"));
        assertEquals(before, Snapshot.of(qemu));
      }
    }
  }

  @Test
  void aProcessThatHasExitedButIsNotWaitedForIsGone() throws Exception {
    // The shell becomes a program that does not wait for its child.
    Process parent = new ProcessBuilder("sh", "-c", "sleep 0.2 & echo $!; exec sleep 100").start();
    try {
      int pid = Integer.parseInt(parent.inputReader().readLine());
      while (!ProcFile.read("/proc/" + pid + "/stat").contains(") Z ")) {
        Thread.sleep(1);
      }
      assertEquals(
          Errno.ESRCH, assertThrows(LinuxException.class, () -> RemoteSyscall.attach(pid)).errno());
    } finally {
      parent.destroyForcibly().waitFor();
    }
  }

  @Test
  void aMultiThreadedChildOfTheJvmIsStoppedAtAnotherThreadThanItsMainOne() throws Exception {
    Process child = new ProcessBuilder(tracee.toString(), "threads", "2").start();
    try {
      int pid = Integer.parseInt(child.inputReader().readLine());
      while (ProcessStatus.read(pid).threadCount() < 3) {
        Thread.sleep(1);
      }
      inject(pid, 50);
      assertTrue(child.isAlive());
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  @Test
  void aProcessWithoutTheCapabilityIsRefusedAUserfaultfdAndTheMessageSaysWhatToDo()
      throws Exception {
    Assumptions.assumeTrue(
        ProcFile.read("/proc/sys/vm/unprivileged_userfaultfd").trim().equals("0")
            && ProcessStatus.self().effectiveUid() == 0,
        "needs root and vm.unprivileged_userfaultfd=0");
    try (ChildProcess child =
        ChildProcess.start(
            "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "100")) {
      child.awaitSyscall(SYS_CLOCK_NANOSLEEP);
      LinuxException failure =
          assertThrows(LinuxException.class, () -> InjectedUserfaultfd.open(child.pid()));
      assertEquals(Errno.EPERM, failure.errno());
      assertTrue(
          failure.getMessage().contains("vm.unprivileged_userfaultfd=1"), failure.getMessage());
      child.awaitState('S');
    }
  }

  /** What an injection must not change. */
  private record Snapshot(Map<Integer, String> fds, List<String> maps, String signals, int tracer) {
    static Snapshot of(ChildProcess child) throws LinuxException {
      String status = ProcFile.read("/proc/" + child.pid() + "/status");
      String signals =
          String.join(" ", status.lines().filter(line -> line.startsWith("Sig")).toList());
      assertFalse(signals.isEmpty());
      return new Snapshot(
          ProcessFds.read(child.pid()),
          ProcessMaps.read(child.pid()).stream()
              .map(m -> m.permissions() + " " + m.offset() + " " + m.path())
              .toList(),
          signals,
          ProcessStatus.read(child.pid()).tracerPid());
    }
  }
}
