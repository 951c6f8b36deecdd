package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.guest.WriterGuest.StopAction;
import io.farpage.test.Needs;
import io.farpage.test.ShmTempDir;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The writer guest in real QEMUs. */
@Tag("once")
class WriterGuestInQemuTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(120);
  private static final long MIB = 1 << 20;
  private static final long RAM = 64 * MIB;

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  private QemuCommand.Builder qemu(QemuInstallation installation, WriterGuest guest)
      throws IOException {
    Path image = directory.resolve("disk");
    guest.writeImage(image);
    return QemuCommand.builder(installation, directory).cpus(guest.cpus()).disk(image);
  }

  private QemuCommand.Builder qemu(WriterGuest guest) throws IOException {
    return qemu(Needs.qemu(), guest).memory(RAM, directory.resolve("ram"));
  }

  private static WriterGuest.Builder guest() {
    return WriterGuest.builder(MachineType.PC, RAM).stepsPerDot(1 << 16);
  }

  private static WriterVerification stopAndVerify(QemuProcess qemu, MiniQmp qmp, WriterGuest guest)
      throws IOException {
    qmp.execute("stop");
    return new WriterGuestVerifier(guest).verify(qemu.memory()).orThrow();
  }

  /** Boots, runs for a while, and verifies at several instants that nobody has chosen. */
  private static void runAndVerify(QemuCommand command, WriterGuest guest, int instants)
      throws IOException {
    try (QemuProcess qemu = command.start();
        MiniQmp qmp = new MiniQmp(qemu)) {
      qemu.awaitSerial("R", TIMEOUT);
      long steps = -1;
      for (int i = 0; i < instants; i++) {
        if (guest.pattern() != WritePattern.IDLE) {
          qemu.awaitSerial(".", qemu.serial().length(), TIMEOUT);
        }
        WriterVerification found = stopAndVerify(qemu, qmp, guest);
        assertEquals(guest.pageCount(), found.pagesVerified());
        assertTrue(found.steps() > steps || guest.pattern() == WritePattern.IDLE);
        steps = found.steps();
        qmp.execute("cont");
      }
      assertFalse(qemu.serial().contains("E"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyPatternUnderTcg(WritePattern pattern) throws IOException {
    WriterGuest guest = guest().pattern(pattern).cpus(2).build();
    runAndVerify(qemu(guest).build(), guest, 10);
  }

  @ParameterizedTest
  @EnumSource
  void everyPatternWithFourCpus(WritePattern pattern) throws IOException {
    WriterGuest guest = guest().pattern(pattern).cpus(4).build();
    runAndVerify(qemu(guest).build(), guest, 3);
  }

  @ParameterizedTest
  @EnumSource
  void everyPatternUnderTcgOfQemu10(WritePattern pattern) throws IOException {
    WriterGuest guest = guest().pattern(pattern).build();
    QemuCommand.Builder qemu = qemu(Needs.qemu10(), guest).memory(RAM, directory.resolve("ram"));
    runAndVerify(qemu.build(), guest, 5);
  }

  @ParameterizedTest
  @CsvSource({
    "7, SEQUENTIAL, 1",
    "7, RANDOM, 4",
    "7, STRIDE, 2",
    "7, HOT, 2",
    "7, ZIPF, 4",
    "10, RANDOM, 1",
    "10, ZIPF, 2"
  })
  void underKvm(int version, WritePattern pattern, int cpus) throws IOException {
    Needs.kvm();
    WriterGuest guest =
        guest().range(MIB, 8 * MIB).pattern(pattern).cpus(cpus).stepsPerDot(1 << 10).build();
    QemuCommand.Builder qemu =
        qemu(version == 10 ? Needs.qemu10() : Needs.qemu(), guest)
            .memory(RAM, directory.resolve("ram"));
    runAndVerify(qemu.accelerator(Accelerator.KVM).build(), guest, 5);
  }

  @Test
  void fourCpusWithADelay() throws IOException {
    WriterGuest guest =
        guest().pattern(WritePattern.HOT).cpus(4).delayIterations(100).stepsPerDot(1024).build();
    runAndVerify(qemu(guest).build(), guest, 5);
  }

  @Test
  void q35() throws IOException {
    WriterGuest guest = guest().build();
    runAndVerify(qemu(guest).machine(MachineType.Q35).build(), guest, 2);
  }

  @Test
  void severalBackends() throws IOException {
    WriterGuest guest = guest().build();
    QemuCommand.Builder qemu =
        qemu(Needs.qemu(), guest)
            .backend(new RamBackend("ram0", 24 * MIB, directory.resolve("ram0")))
            .backend(new RamBackend("ram1", 40 * MIB, directory.resolve("ram1")));
    runAndVerify(qemu.build(), guest, 2);
  }

  @ParameterizedTest
  @EnumSource
  void memoryAboveFourGib(MachineType machine) throws IOException {
    WriterGuest guest =
        WriterGuest.builder(machine, 5120 * MIB)
            .aroundFourGiB(16 * MIB, 32 * MIB)
            .cpus(2)
            .stepsPerDot(1 << 16)
            .build();
    QemuCommand.Builder qemu =
        qemu(Needs.qemu(), guest).machine(machine).memory(5120 * MIB, directory.resolve("ram"));
    runAndVerify(qemu.build(), guest, 3);
  }

  @Test
  void hugePages() throws IOException {
    Path mount = Needs.hugepages(32);
    WriterGuest guest = guest().build();
    Path ram = mount.resolve("farpage-test-" + ProcessHandle.current().pid());
    try {
      runAndVerify(qemu(Needs.qemu(), guest).memory(RAM, ram).build(), guest, 2);
    } finally {
      Files.deleteIfExists(ram);
    }
  }

  @Test
  void inASandboxWithTwoQmpSockets() throws IOException {
    WriterGuest guest = guest().build();
    QemuCommand command =
        qemu(guest)
            .sandbox()
            .qmpSocket(directory.resolve("one"))
            .qmpSocket(directory.resolve("two"))
            .build();
    runAndVerify(command, guest, 2);
  }

  @Test
  void asADaemon() throws IOException {
    WriterGuest guest = guest().build();
    runAndVerify(qemu(guest).daemonize().build(), guest, 2);
  }

  @Test
  void stopsWhenItIsTold() throws IOException {
    WriterGuest guest = guest().stopAfter(12_345, StopAction.HALT).build();
    try (QemuProcess qemu = qemu(guest).build().start();
        MiniQmp qmp = new MiniQmp(qemu)) {
      qemu.awaitSerial("S", TIMEOUT);
      assertEquals(12_345, stopAndVerify(qemu, qmp, guest).steps());
    }
  }

  @ParameterizedTest
  @EnumSource
  void powersOff(MachineType machine) throws IOException {
    WriterGuest guest = guest().stopAfter(12_345, StopAction.POWER_OFF).build();
    try (QemuProcess qemu = qemu(guest).machine(machine).build().start()) {
      qemu.awaitExit(TIMEOUT);
      assertEquals(12_345, new WriterGuestVerifier(guest).verify(qemu.memory()).orThrow().steps());
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void reboots(int cpus) throws IOException {
    WriterGuest guest = guest().cpus(cpus).rebootAfter(50_000, 2).build();
    try (QemuProcess qemu = qemu(guest).build().start();
        MiniQmp qmp = new MiniQmp(qemu)) {
      int from = 0;
      for (int boot = 0; boot < 3; boot++) {
        qemu.awaitSerial("R", from, TIMEOUT);
        from = qemu.serial().indexOf("R", from) + 1;
      }
      qemu.awaitSerial(".", from, TIMEOUT);
      assertEquals(3, stopAndVerify(qemu, qmp, guest).boots());
    }
  }

  @ParameterizedTest
  @EnumSource
  void lostWritesAreFoundInEveryClassOfZipf(Accelerator accelerator) throws IOException {
    if (accelerator == Accelerator.KVM) {
      Needs.kvm();
    }
    WriterGuest guest =
        guest().range(MIB, 4 * MIB).pattern(WritePattern.ZIPF).cpus(2).stepsPerDot(1 << 12).build();
    QemuCommand command = qemu(guest).accelerator(accelerator).build();
    try (QemuProcess qemu = command.start();
        MiniQmp qmp = new MiniQmp(qemu);
        FileChannel ram =
            FileChannel.open(
                command.backends().get(0).path(),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      qemu.awaitSerial("R.", TIMEOUT);
      stopAndVerify(qemu, qmp, guest);
      List<Integer> pages = new ArrayList<>();
      for (int cpu = 0; cpu < guest.cpus(); cpu++) {
        guest.cursors(cpu).forEach(c -> pages.add(c.firstPage() + c.count() / 2));
      }
      List<ByteBuffer> before = new ArrayList<>();
      for (int page : pages) {
        before.add(readPage(ram, page));
      }
      boolean allWritten = false;
      for (int i = 0; i < 100 && !allWritten; i++) {
        qmp.execute("cont");
        qemu.awaitSerial(".", qemu.serial().length(), TIMEOUT);
        stopAndVerify(qemu, qmp, guest);
        allWritten = true;
        for (int page = 0; page < pages.size(); page++) {
          allWritten &= !readPage(ram, pages.get(page)).equals(before.get(page));
        }
      }
      assertTrue(allWritten);
      for (int i = 0; i < pages.size(); i++) {
        long gpa = guest.gpa(pages.get(i));
        ByteBuffer now = readPage(ram, pages.get(i));
        ram.write(before.get(i), gpa);
        WriterVerification found = new WriterGuestVerifier(guest).verify(qemu.memory());
        assertEquals(1, found.mismatchedPages());
        assertEquals(gpa, found.mismatches().get(0).gpa());
        assertTrue(found.toString().contains("lost"), found::toString);
        ram.write(now, gpa);
      }
      new WriterGuestVerifier(guest).verify(qemu.memory()).orThrow();
    }
  }

  @ParameterizedTest
  @CsvSource({"TCG, 7", "TCG, 10", "KVM, 7", "KVM, 10"})
  void everyTouchIsTimed(Accelerator accelerator, int version) throws IOException {
    if (accelerator == Accelerator.KVM) {
      Needs.kvm();
    }
    WriterGuest guest =
        guest()
            .range(MIB, 8 * MIB)
            .pattern(WritePattern.RANDOM)
            .cpus(2)
            .stepsPerDot(1 << 10)
            .timeTouches()
            .build();
    QemuCommand command =
        qemu(version == 10 ? Needs.qemu10() : Needs.qemu(), guest)
            .memory(RAM, directory.resolve("ram"))
            .accelerator(accelerator)
            .build();
    try (QemuProcess qemu = command.start();
        MiniQmp qmp = new MiniQmp(qemu);
        RunningWriter running = RunningWriter.open(guest, command)) {
      qemu.awaitSerial("R.", TIMEOUT);
      long ticks = running.lastTouchTicks();
      TouchHistogram before = TouchHistogram.EMPTY;
      long stepsBefore = 0;
      for (int i = 0; i < 5; i++) {
        qmp.execute("cont");
        qemu.awaitSerial(".", qemu.serial().length(), TIMEOUT);
        long steps = stopAndVerify(qemu, qmp, guest).steps();
        TouchHistogram touches = running.touches();
        long counted = touches.minus(before).count();
        // a CPU may have committed a step and not counted it
        assertEquals(steps - stepsBefore, counted, guest.cpus(), "touches");
        assertTrue(Long.compareUnsigned(running.lastTouchTicks(), ticks) > 0);
        ticks = running.lastTouchTicks();
        before = touches;
        stepsBefore = steps;
      }
    }
  }

  @Test
  void aRebootForgetsTheTimes() throws IOException {
    WriterGuest guest = guest().rebootAfter(50_000, 1).timeTouches().build();
    try (QemuProcess qemu = qemu(guest).build().start();
        MiniQmp qmp = new MiniQmp(qemu);
        RunningWriter running = RunningWriter.open(guest, qemu.command())) {
      qemu.awaitSerial("S", TIMEOUT);
      int from = qemu.serial().indexOf('S');
      qemu.awaitSerial("R", from, TIMEOUT);
      qemu.awaitSerial(".", from, TIMEOUT);
      long steps = stopAndVerify(qemu, qmp, guest).steps();
      assertEquals(steps, running.touches().count(), 1, "touches");
    }
  }

  private static ByteBuffer readPage(FileChannel ram, int page) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(4096);
    ram.read(content, (long) page << 12);
    return content.flip();
  }

  @Test
  void theGuestItselfFindsALostPage() throws IOException {
    WriterGuest guest = guest().pattern(WritePattern.RANDOM).build();
    QemuCommand command = qemu(guest).build();
    try (QemuProcess qemu = command.start();
        MiniQmp qmp = new MiniQmp(qemu)) {
      qemu.awaitSerial("R.", TIMEOUT);
      qmp.execute("stop");
      try (FileChannel ram =
          FileChannel.open(command.backends().get(0).path(), StandardOpenOption.WRITE)) {
        ram.write(ByteBuffer.allocate(4096), 0x1234L << 12);
      }
      WriterGuestVerifier verifier = new WriterGuestVerifier(guest);
      assertEquals(
          "page 0x1234: is all zeros",
          verifier.verify(qemu.memory()).mismatches().get(0).toString());
      qmp.execute("cont");
      qemu.awaitSerial("E00001234", TIMEOUT);
      qmp.execute("stop");
      assertTrue(
          verifier.verify(qemu.memory()).problems().get(0).contains("found page 0x1234 wrong"));
    }
  }
}
