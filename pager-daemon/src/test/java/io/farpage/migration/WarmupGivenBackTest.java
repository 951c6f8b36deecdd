package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.linux.MemoryMapping;
import io.farpage.linux.ProcessMaps;
import io.farpage.linux.RamFile;
import io.farpage.test.Needs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Pages that were read in the warm-up and that the guest gives back before it is stopped: giving
 * back is no write, and yet the old page must not come to the destination.
 */
@Tag("once")
class WarmupGivenBackTest {
  private static final int SIZE_MIB = 64;
  private static final long HUGE_PAGE = 2L * MIB;
  private static final long WORD = 0x0123456789abcdefL;

  /** The first that is read, so that much of the warm-up is still to come. */
  private static final Ballast BALLAST = new Ballast(16 * MIB, 30 * MIB);

  private static final long BALLAST_END = 46L * MIB;
  private static final long UNTOUCHED = 18L * MIB;
  private static final long READ_AGAIN = 20L * MIB;
  private static final long WRITTEN_AGAIN = 22L * MIB;
  private static final long KEPT = 24L * MIB;
  private static final long OVERWRITTEN = 26L * MIB;

  /** All of the above has been read when so much has. */
  private static final long READ_BYTES = 16L * MIB;

  private static final WriterGuest GUEST =
      WriterGuest.builder(MachineType.PC, SIZE_MIB * MIB)
          .pattern(WritePattern.RANDOM)
          .range(48 * MIB, 8 * MIB)
          .delayIterations(100_000)
          .stepsPerDot(1 << 10)
          .build();

  @Test
  void ofFourKib() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      ofFourKib(lab, "--transport=tcp");
    }
  }

  /** The same over another transport. */
  static JsonNode ofFourKib(final MigrationLab lab, final String transport) throws IOException {
    return giveBackInWarmup(lab, lab.memory(SIZE_MIB, "a"), lab.memory(SIZE_MIB, "b"), transport);
  }

  @Test
  void ofTwoMib() throws Exception {
    final Path mount = Needs.hugepages(2 * SIZE_MIB / 2);
    try (MigrationLab lab = MigrationLab.open()) {
      giveBackInWarmup(
          lab,
          lab.hugeMemory(mount, SIZE_MIB, "a"),
          lab.hugeMemory(mount, SIZE_MIB, "b"),
          "--transport=tcp");
    }
  }

  private static JsonNode giveBackInWarmup(
      final MigrationLab lab,
      final Consumer<QemuCommand.Builder> sourceMemory,
      final Consumer<QemuCommand.Builder> destinationMemory,
      final String transport)
      throws IOException {
    final Vm source = lab.source(GUEST, sourceMemory);
    putBallast(source);
    final long kept = source.physicalWord(KEPT);
    final long pageBytes = pageBytes(source);
    // a neighbour that is written again, and so read again, while this one is not
    final long neighbour = READ_AGAIN + (pageBytes < HUGE_PAGE ? pageBytes : 4 * HUGE_PAGE);
    final Vm destination = lab.destination(GUEST, destinationMemory);
    final LocalMigration migration =
        lab.begin(
            List.of(transport),
            source,
            destination,
            transport,
            "--mode=hybrid",
            "--max-bandwidth=16M",
            "--downtime-limit=0");
    WarmupEvents.awaitRead(migration.destination(), READ_BYTES);

    for (final long page : List.of(UNTOUCHED, READ_AGAIN, neighbour, WRITTEN_AGAIN)) {
      giveBack(source, page);
    }
    assertEquals(0, source.physicalWord(READ_AGAIN), "nothing was given back");
    assertEquals(0, source.physicalWord(neighbour), "nothing was given back");
    for (final long page : List.of(neighbour, WRITTEN_AGAIN, OVERWRITTEN)) {
      write(source, page);
    }
    assertTrue(
        migration.destination().output().stream().noneMatch(line -> line.contains("SWITCHOVER")),
        "the warm-up was over too soon");

    final JsonNode report = lab.finish(migration, source, destination).report();
    assertTrue(report.path("ram").path("precopy-bytes").asLong() >= READ_BYTES, report::toString);
    destination.qmp().execute("stop");
    requireHole(destination, UNTOUCHED);
    assertEquals(0, destination.physicalWord(UNTOUCHED), "the old page came");
    assertEquals(0, destination.physicalWord(READ_AGAIN), "the old page came");
    for (final long page : List.of(neighbour, WRITTEN_AGAIN, OVERWRITTEN)) {
      assertEquals(WORD, destination.physicalWord(page), "the new page did not come");
    }
    assertEquals(kept, destination.physicalWord(KEPT), "another page came");
    destination.verify();
    return report;
  }

  /** QEMU has to have it mapped: a huge page that it has not is a hole. */
  private static void putBallast(final Vm source) throws IOException {
    source.qmp().execute("stop");
    BALLAST.writeTo(source.ramFile());
    for (long page = UNTOUCHED - HUGE_PAGE; page < BALLAST_END; page += HUGE_PAGE) {
      assertNotEquals(0, source.physicalWord(page), "there is no ballast");
    }
    source.qmp().execute("cont");
  }

  private static long pageBytes(final Vm vm) throws IOException {
    try (RamFile ram = RamFile.open(vm.ramFile(), false)) {
      return ram.pageSizeBytes();
    }
  }

  /** What QEMU does for a balloon and for free page reporting. */
  private static void giveBack(final Vm vm, final long page) throws IOException {
    try (RamFile ram = RamFile.open(vm.ramFile(), true)) {
      ram.punchHole(page, ram.pageSizeBytes());
    }
  }

  /** Through QEMU's own mapping, as its guest would. */
  private static void write(final Vm vm, final long address) throws IOException {
    final MemoryMapping ram =
        ProcessMaps.read(Math.toIntExact(vm.qemu().pid())).stream()
            .filter(mapping -> mapping.path().equals(vm.ramFile().toString()))
            .findFirst()
            .orElseThrow();
    try (RandomAccessFile memory =
        new RandomAccessFile("/proc/" + vm.qemu().pid() + "/mem", "rw")) {
      memory.seek(ram.start() + address);
      memory.writeLong(Long.reverseBytes(WORD));
    }
    assertEquals(WORD, vm.physicalWord(address));
  }

  private static void requireHole(final Vm vm, final long page) throws IOException {
    try (RamFile ram = RamFile.open(vm.ramFile(), false)) {
      if (!ram.isHugetlbfs()) {
        assertTrue(ram.nextData(page) > page, "the page takes memory");
      }
    }
  }
}
