package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.test.Needs;
import io.farpage.test.ShmTempDir;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Linux guest in real QEMUs, under TCG. */
@Tag("once")
class LinuxGuestTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(120);
  private static final long MIB = 1 << 20;

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  private QemuCommand.Builder qemu(QemuInstallation installation, long ramBytes) {
    return QemuCommand.builder(installation, directory)
        .cpus(2)
        .memory(ramBytes, directory.resolve("ram"));
  }

  private static void awaitPass(QemuProcess qemu, int pass) {
    qemu.await("pass " + pass, TIMEOUT, () -> LinuxGuest.passes(qemu.serial()) >= pass);
    assertTrue(LinuxGuest.pagesChecked(qemu.serial()) > 0);
    assertFalse(qemu.serial().contains(LinuxGuest.MISMATCH), qemu::serial);
  }

  private static long memFree(QemuProcess qemu) {
    String answer = LinuxGuest.command(qemu, "meminfo", TIMEOUT);
    String[] words = answer.substring(answer.indexOf("MemFree:")).split("\\s+");
    return Long.parseLong(words[1]) << 10;
  }

  @Test
  void worksOnItsMemoryAndTakesCommands() throws IOException {
    QemuCommand.Builder builder = qemu(Needs.qemu(), 512 * MIB);
    Needs.linuxGuest().bootIn(builder);
    try (QemuProcess qemu = builder.build().start()) {
      qemu.awaitSerial(LinuxGuest.READY, TIMEOUT);
      LinuxGuest.command(qemu, "start 64m 2", TIMEOUT);
      qemu.awaitSerial(LinuxGuest.WORKS, TIMEOUT);
      long busy = memFree(qemu);
      LinuxGuest.command(qemu, "stop", TIMEOUT);
      assertTrue(memFree(qemu) > busy + 60 * MIB);
      int from = qemu.serial().length();
      LinuxGuest.command(qemu, "reboot", TIMEOUT);
      qemu.awaitSerial(LinuxGuest.READY, from, TIMEOUT);
      LinuxGuest.command(qemu, "poweroff", TIMEOUT);
      qemu.awaitExit(TIMEOUT);
    }
  }

  @Test
  void worksAboveThePciHole() throws IOException {
    QemuCommand.Builder builder = qemu(Needs.qemu10(), 5120 * MIB);
    Needs.linuxGuest().bootAndWorkIn(builder, 5, 2);
    try (QemuProcess qemu = builder.build().start()) {
      awaitPass(qemu, 1);
      int worked = 0;
      for (long gpa = MachineType.HIGH_RAM_START; gpa < 6144 * MIB; gpa += 4096) {
        worked += isMemwork(qemu.memory(), gpa) ? 1 : 0;
      }
      assertTrue(worked > 1000, "pages of memwork above 4 GiB: " + worked);
    }
  }

  @Test
  void givesFreePagesBack() throws IOException {
    QemuCommand.Builder builder =
        qemu(Needs.qemu(), 512 * MIB).extra("-device", "virtio-balloon-pci,free-page-reporting=on");
    Needs.linuxGuest().bootAndWorkIn(builder, 50, 2);
    try (QemuProcess qemu = builder.build().start();
        MiniQmp qmp = new MiniQmp(qemu)) {
      awaitPass(qemu, 1);
      assertTrue(allocatedBytes() > 200 * MIB);
      LinuxGuest.command(qemu, "free", TIMEOUT);
      eventually("free pages are holes", () -> allocatedBytes() < 150 * MIB);
      qmp.execute("balloon", "{\"value\":" + 256 * MIB + "}");
      String target = Long.toString(256 * MIB);
      eventually("the balloon", () -> qmp.execute("query-balloon").contains(target));
    }
  }

  @Test
  void memworkFindsALostPage() throws IOException {
    QemuCommand.Builder builder = qemu(Needs.qemu(), 256 * MIB);
    Needs.linuxGuest().bootAndWorkIn(builder, 20, 1);
    try (QemuProcess qemu = builder.build().start();
        MiniQmp qmp = new MiniQmp(qemu)) {
      awaitPass(qemu, 1);
      qmp.execute("stop");
      long page = 0;
      while (!isMemwork(qemu.memory(), page)) {
        page += 4096;
      }
      try (FileChannel ram = FileChannel.open(directory.resolve("ram"), StandardOpenOption.WRITE)) {
        ram.write(ByteBuffer.allocate(4096), page);
      }
      qmp.execute("cont");
      qemu.awaitSerial(LinuxGuest.MISMATCH, TIMEOUT);
    }
  }

  /** Whether a page looks as memwork fills it: every word is the one before plus a constant. */
  private static boolean isMemwork(GuestMemory memory, long gpa) {
    ByteBuffer words = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    memory.read(gpa, words);
    return words.getLong(8) - words.getLong(0) == 0xbf58476d1ce4e5b9L;
  }

  private long allocatedBytes() throws IOException {
    Process stat =
        new ProcessBuilder("stat", "-c", "%b", directory.resolve("ram").toString()).start();
    return 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes()).strip());
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void eventually(String what, Condition condition) throws IOException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (!condition.holds()) {
      assertTrue(System.nanoTime() < deadline, what + ": not within " + TIMEOUT);
    }
  }
}
