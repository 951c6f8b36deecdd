package io.farpage.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.linux.InjectedUserfaultfd;
import io.farpage.linux.MemoryMapping;
import io.farpage.linux.ProcessMaps;
import io.farpage.linux.RamFile;
import io.farpage.linux.RemoteUserfaultfd;
import io.farpage.vmm.VmmException.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QemuAttachTest {
  private static final long MIB = 1 << 20;

  @Test
  void findsProcessRamAndMachine() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam("-name", "guest=web1", "-smp", "3");
        Qemu qemu = real.attach()) {
      assertEquals(real.pid(), qemu.pid());
      assertEquals("web1", qemu.name());
      assertEquals(3, qemu.cpuCount());
      assertTrue(qemu.machineType().startsWith("pc-i440fx-"), qemu.machineType());
      assertEquals("prelaunch", qemu.runState());
      RamRegion ram = qemu.ram().get(0);
      assertEquals(new RamRegion("mem", real.ramFile(), 64 * MIB, 4096, ram.hostAddress()), ram);
      assertTrue(isMappedAt(real, ram));
      assertEquals(1, qemu.ram().size());
      qemu.refuseForeignWriters();
      qemu.requireMigratable();
    }
  }

  @Test
  void findsTwoNumaNodesOfOddSizes() throws IOException {
    try (RealQemu real =
            RealQemu.with(
                "-m",
                "150M",
                "-object",
                "memory-backend-file,id=b,size=51M,mem-path=RAMDIR/b,share=on",
                "-object",
                "memory-backend-file,id=a,size=99M,mem-path=RAMDIR/a,share=on",
                "-numa",
                "node,memdev=a",
                "-numa",
                "node,memdev=b");
        Qemu qemu = real.attach()) {
      assertEquals(List.of("a", "b"), qemu.ram().stream().map(RamRegion::id).toList());
      assertEquals(
          List.of(99 * MIB, 51 * MIB), qemu.ram().stream().map(RamRegion::sizeBytes).toList());
      assertTrue(qemu.ram().stream().allMatch(region -> isMappedAt(real, region)));
    }
  }

  @Test
  void findsADaemon() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam("-daemonize", "-pidfile", "DIR/pid");
        Qemu qemu = real.attach()) {
      assertEquals(real.pid(), qemu.pid());
      assertEquals(real.ramFile(), qemu.ram().get(0).path());
    }
  }

  @Test
  void findsAFileNamedRelativeToQemusWorkingDirectory() throws IOException {
    try (RealQemu real = withRamFile("relative");
        Qemu qemu = real.attach()) {
      assertSameFile(real.ramDirectory().resolve("relative"), qemu.ram().get(0).path());
    }
  }

  @Test
  void findsARelativeFileOfADaemonThatHasLeftItsWorkingDirectory() throws IOException {
    try (RealQemu real = withRamFile("relative", "-daemonize", "-pidfile", "DIR/pid");
        Qemu qemu = real.attach()) {
      assertSameFile(real.ramDirectory().resolve("relative"), qemu.ram().get(0).path());
    }
  }

  @Test
  void opensAFileInADirectoryThroughQemusDescriptor() throws IOException {
    try (RealQemu real = withRamFile("RAMDIR");
        Qemu qemu = real.attach()) {
      RamRegion ram = qemu.ram().get(0);
      assertTrue(ram.path().startsWith("/proc/" + real.pid() + "/fd"), ram.path().toString());
      try (RamFile file = RamFile.open(ram.path(), true)) {
        assertEquals(64 * MIB, file.sizeBytes());
      }
    }
  }

  @Test
  void opensAFileWhoseNameWasTakenByAnotherFile() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam()) {
      real.attach().close(); // its socket is there before its RAM is
      Files.delete(real.ramFile());
      Files.createFile(real.ramFile());
      try (Qemu qemu = real.attach()) {
        assertTrue(qemu.ram().get(0).path().startsWith("/proc/" + real.pid() + "/fd"));
      }
    }
  }

  @Test
  void opensAFileInAnotherMountNamespace() throws IOException {
    try (RealQemu real =
            RealQemu.under(
                List.of(
                    "unshare",
                    "-m",
                    "sh",
                    "-c",
                    "mount -t tmpfs none RAMDIR && exec \"$0\" \"$@\""),
                ramOptions("RAMDIR/ram"));
        Qemu qemu = real.attach()) {
      assertFalse(Files.exists(real.ramFile()));
      RamRegion ram = qemu.ram().get(0);
      assertEquals("/proc/" + real.pid() + "/root" + real.ramFile(), ram.path().toString());
      assertEquals(64 * MIB, Files.size(ram.path()));
    }
  }

  @Test
  void findsAQemuInAnotherPidNamespace() throws IOException {
    try (RealQemu real =
            RealQemu.under(
                List.of("unshare", "--pid", "--fork", "--kill-child"), ramOptions("RAMDIR/ram"));
        Qemu qemu = real.attach()) {
      ProcessHandle found = ProcessHandle.of(qemu.pid()).orElseThrow();
      assertEquals(real.pid(), found.parent().orElseThrow().pid());
      assertEquals(real.ramFile(), qemu.ram().get(0).path());
    }
  }

  @Test
  void mergesAMappingThatRegistrationHasSplit() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam()) {
      RamRegion before;
      try (Qemu qemu = real.attach()) {
        before = qemu.ram().get(0);
      }
      RemoteUserfaultfd uffd = InjectedUserfaultfd.open(real.pid());
      try (var local = uffd.local()) {
        local.handshake(0);
        local.register(before.hostAddress() + 8 * MIB, 4 * MIB, 1);
        long pieces =
            ProcessMaps.read(real.pid()).stream()
                .filter(m -> m.path().equals(real.ramFile().toString()))
                .count();
        assertEquals(3, pieces);
        try (Qemu qemu = real.attach()) {
          assertEquals(before, qemu.ram().get(0));
        }
      }
    }
  }

  @Test
  void refusesPrivateRam() throws IOException {
    assertRefused(
        Problem.RAM_NOT_SHARED,
        "guest RAM 'mem' is a private mapping of RAMDIR/ram; start QEMU with share=on:"
            + " -object memory-backend-file,id=mem,size=64M,mem-path=/dev/shm/NAME,share=on",
        "-m",
        "64",
        "-object",
        "memory-backend-file,id=mem,size=64M,mem-path=RAMDIR/ram",
        "-M",
        "pc,memory-backend=mem");
  }

  @Test
  void refusesPrivateRamOfTheOptionMemPath() throws IOException {
    assertRefused(
        Problem.RAM_NOT_SHARED,
        "guest RAM 'pc.ram' is a private mapping of RAMDIR/ram; start QEMU with share=on: -object"
            + " memory-backend-file,id=mem,size=64M,mem-path=/dev/shm/NAME,share=on -machine memory-backend=mem",
        "-m",
        "64",
        "-mem-path",
        "RAMDIR/ram");
  }

  @Test
  void refusesAMemfd() throws IOException {
    assertRefused(
        Problem.RAM_IS_MEMFD,
        "guest RAM 'mem' is a file without a name (memory-backend-memfd), which QEMU would migrate itself; start QEMU with"
            + " -object memory-backend-file,id=mem,size=64M,mem-path=/dev/shm/NAME,share=on",
        "-m",
        "64",
        "-object",
        "memory-backend-memfd,id=mem,size=64M,share=on",
        "-M",
        "pc,memory-backend=mem");
  }

  @Test
  void refusesAnonymousRamBackends() throws IOException {
    assertRefused(
        Problem.RAM_HAS_NO_FILE,
        "guest RAM 'm0' is anonymous memory (memory-backend-ram); start QEMU with -object"
            + " memory-backend-file,id=m0,size=64M,mem-path=/dev/shm/NAME,share=on",
        "-m",
        "64",
        "-object",
        "memory-backend-ram,id=m0,size=64M,share=on",
        "-M",
        "pc,memory-backend=m0");
  }

  @Test
  void refusesRamWithoutABackend() throws IOException {
    assertRefused(
        Problem.RAM_HAS_NO_FILE,
        "guest RAM 'pc.ram' is anonymous memory (memory-backend-ram); start QEMU with -object"
            + " memory-backend-file,id=mem,size=64M,mem-path=/dev/shm/NAME,share=on -machine memory-backend=mem",
        "-m",
        "64");
  }

  @Test
  void refusesWhenOnlyPartOfRamIsInAFile() throws IOException {
    assertRefused(
        Problem.RAM_HAS_NO_FILE,
        "guest RAM 'pc.ram' is anonymous memory",
        "-m",
        "64,slots=2,maxmem=1G",
        "-object",
        "memory-backend-file,id=dimm,size=64M,mem-path=RAMDIR/dimm,share=on",
        "-device",
        "pc-dimm,memdev=dimm");
  }

  @Test
  void refusesAFileOnADiskFileSystem() throws IOException {
    assertRefused(
        Problem.RAM_FILE_UNUSABLE,
        "is on a file system that cannot report page faults; put it on tmpfs (/dev/shm) or hugetlbfs",
        ramOptions("DISK/ram"));
  }

  @Test
  void refusesTwoBackendsInOneFile() throws IOException {
    assertRefused(
        Problem.RAM_FILE_UNUSABLE,
        "is mapped more than once, or in pieces",
        "-m",
        "64M",
        "-object",
        "memory-backend-file,id=a,size=32M,mem-path=RAMDIR/ram,share=on",
        "-object",
        "memory-backend-file,id=b,size=32M,mem-path=RAMDIR/ram,share=on",
        "-numa",
        "node,memdev=a",
        "-numa",
        "node,memdev=b");
  }

  @Test
  void refusesAProxyAsQemuAndTakesThePidGiven() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam();
        SocketProxy proxy = SocketProxy.to(real.socket())) {
      VmmException e =
          assertThrows(
              VmmException.class,
              () -> Qemu.attach(proxy.socket(), OptionalInt.empty(), RealQemu.TIMEOUT));
      assertEquals(Problem.WRONG_PROCESS, e.problem());
      assertEquals(
          "process "
              + ProcessHandle.current().pid()
              + " (java), which listens on "
              + proxy.socket()
              + ", is not the QEMU that answers there: the socket may be behind a proxy, or was opened by who started QEMU;"
              + " name QEMU's process by --pid",
          e.getMessage());
      try (Qemu qemu = Qemu.attach(proxy.socket(), OptionalInt.of(real.pid()), RealQemu.TIMEOUT)) {
        assertEquals(real.pid(), qemu.pid());
        assertNotEquals(real.pid(), qemu.qmp().peerPid());
      }
    }
  }

  @Test
  void refusesAPidThatIsAnotherQemuOrNobody() throws IOException {
    try (RealQemu real = withRamFile("/dev/shm");
        RealQemu other = withRamFile("/dev/shm")) {
      VmmException e =
          assertThrows(
              VmmException.class,
              () -> Qemu.attach(real.socket(), OptionalInt.of(other.pid()), RealQemu.TIMEOUT));
      assertEquals(Problem.WRONG_PROCESS, e.problem());
      assertTrue(
          e.getMessage().contains(", given by --pid, is not the QEMU that answers there"),
          e.getMessage());
      e =
          assertThrows(
              VmmException.class,
              () ->
                  Qemu.attach(real.socket(), OptionalInt.of(Integer.MAX_VALUE), RealQemu.TIMEOUT));
      assertEquals("there is no process 2147483647; name QEMU's by --pid", e.getMessage());
    }
  }

  private static void assertRefused(Problem problem, String words, String... options)
      throws IOException {
    Path disk = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "disk");
    String[] expanded = new String[options.length];
    for (int i = 0; i < options.length; i++) {
      expanded[i] = options[i].replace("DISK", disk.toString());
    }
    try (RealQemu real = RealQemu.with(expanded)) {
      VmmException e = assertThrows(VmmException.class, real::attach);
      assertEquals(problem, e.problem(), e.getMessage());
      assertTrue(
          e.getMessage().contains(words.replace("RAMDIR", real.ramDirectory().toString())),
          e.getMessage());
      assertFalse(e.getMessage().contains("\n"), e.getMessage());
      assertTrue(real.isAlive());
    } finally {
      Files.deleteIfExists(disk.resolve("ram"));
      Files.delete(disk);
    }
  }

  private static RealQemu withRamFile(String memPath, String... more) {
    String[] options = ramOptions(memPath);
    String[] all = java.util.Arrays.copyOf(options, options.length + more.length);
    System.arraycopy(more, 0, all, options.length, more.length);
    return RealQemu.with(all);
  }

  private static String[] ramOptions(String memPath) {
    return new String[] {
      "-m",
      "64",
      "-object",
      "memory-backend-file,id=mem,size=64M,mem-path=" + memPath + ",share=on",
      "-M",
      "pc,memory-backend=mem"
    };
  }

  private static boolean isMappedAt(RealQemu real, RamRegion region) {
    try {
      for (MemoryMapping mapping : ProcessMaps.read(real.pid())) {
        if (mapping.start() == region.hostAddress()) {
          return mapping.path().equals(region.path().toString())
              && mapping.lengthBytes() == region.sizeBytes();
        }
      }
      return false;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertSameFile(Path expected, Path actual) throws IOException {
    assertTrue(Files.isSameFile(expected, actual), actual + " is not " + expected);
  }
}
