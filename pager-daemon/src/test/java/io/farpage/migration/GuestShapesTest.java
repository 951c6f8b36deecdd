package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.linux.ProcessPagemap;
import io.farpage.linux.RamFile;
import io.farpage.test.Needs;
import io.farpage.test.QemuVersion;
import io.farpage.vmm.Qemu;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests of every shape: in several files, of odd sizes, around 4 GiB, in huge pages. */
@Tag("once")
class GuestShapesTest {
  private static final int KIB = 1 << 10;

  private static WriterGuest.Builder writer(final long ramBytes) {
    return WriterGuest.builder(MachineType.PC, ramBytes)
        .pattern(WritePattern.RANDOM)
        .stepsPerDot(1 << 14);
  }

  private static LocalMigration.Result moveAndVerify(
      final MigrationLab lab,
      final WriterGuest guest,
      final Consumer<QemuCommand.Builder> sourceOptions,
      final Consumer<QemuCommand.Builder> destinationOptions)
      throws IOException {
    final Vm source = lab.source(guest, sourceOptions);
    final Vm destination = lab.destination(guest, destinationOptions);
    final LocalMigration.Result result = lab.migrate(source, destination);
    destination.requireWriting();
    destination.verify();
    return result;
  }

  @ParameterizedTest
  @EnumSource
  void twoNumaNodesInTwoFilesOfOddSizes(final QemuVersion version) throws Exception {
    final long first = 24 * MIB + 8 * KIB;
    final long second = 41 * MIB + 16 * KIB;
    final WriterGuest guest = writer(first + second).cpus(2).build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      moveAndVerify(lab, guest, lab.nodes("a", first, second), lab.nodes("b", first, second));
    }
  }

  @Test
  void aSizeThatIsNoMultipleOfTwoMib() throws Exception {
    final long size = 63 * MIB + 8 * KIB;
    final WriterGuest guest = writer(size).build();
    try (MigrationLab lab = MigrationLab.open()) {
      moveAndVerify(lab, guest, lab.memoryBytes(size, "a"), lab.memoryBytes(size, "b"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoCpusWithMemoryOnBothSidesOfThePciHole(final QemuVersion version) throws Exception {
    final WriterGuest guest = writer(5120L * MIB).aroundFourGiB(16 * MIB, 32 * MIB).cpus(2).build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      moveAndVerify(lab, guest, lab.memory(5120, "a"), lab.memory(5120, "b"));
    }
  }

  @Test
  void twoNodesOfWhichTheSecondBeginsAboveThePciHole() throws Exception {
    final long[] nodes = {3072L * MIB, 1024L * MIB};
    final WriterGuest guest = writer(4096L * MIB).aroundFourGiB(16 * MIB, 16 * MIB).build();
    try (MigrationLab lab = MigrationLab.open()) {
      moveAndVerify(lab, guest, lab.nodes("a", nodes), lab.nodes("b", nodes));
    }
  }

  @ParameterizedTest
  @EnumSource
  void hugePagesAndHolesAmongThem(final QemuVersion version) throws Exception {
    final Path mount = Needs.hugepages(2 * 64);
    final WriterGuest guest = writer(128 * MIB).range(16 * MIB, 24 * MIB).cpus(2).build();
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source = lab.source(guest, lab.hugeMemory(mount, 128, "a"));
      final Vm destination = lab.destination(guest, lab.hugeMemory(mount, 128, "b"));
      final long before = populatedBytes(source);
      final JsonNode report = lab.migrate(source, destination).report();
      assertEquals(before, report.path("farpage").path("data-bytes").asLong(), report::toString);
      assertEquals(before, report.path("ram").path("postcopy-bytes").asLong(), report::toString);
      destination.requireWriting();
      assertEquals(before, populatedBytes(destination), "holes were filled on the destination");
      destination.verify();
    }
  }

  /** What a warm-up has brought and nobody has touched since must be found by the next source. */
  @Test
  void hugePagesMoveOnUntouched() throws Exception {
    final Path mount = Needs.hugepages(3 * 32);
    final WriterGuest guest = writer(64 * MIB).pattern(WritePattern.IDLE).build();
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm first = lab.source(guest, lab.hugeMemory(mount, 64, "a"));
      final long before = populatedBytes(first);
      final Vm second = lab.destination(guest, lab.hugeMemory(mount, 64, "b"));
      lab.migrate(first, second, "--mode=hybrid");
      assertEquals(before, populatedBytes(second));
      final Vm third = lab.destination(guest, lab.hugeMemory(mount, 64, "c"));
      lab.migrate(second, third, "--mode=hybrid");
      third.verify();
    }
  }

  @Test
  void holesStayHolesAndCostNothing() throws Exception {
    final WriterGuest guest = writer(1024L * MIB).range(16 * MIB, 32 * MIB).build();
    try (MigrationLab lab = MigrationLab.open()) {
      final JsonNode report =
          moveAndVerify(lab, guest, lab.memory(1024, "a"), lab.memory(1024, "b")).report();
      assertTrue(report.path("ram").path("postcopy-bytes").asLong() < 40L * MIB, report::toString);
      assertTrue(
          dataBytes(lab.directory().resolve("b")) < 60L * MIB,
          "holes were filled on the destination");
    }
  }

  private static long dataBytes(final Path file) throws IOException {
    long bytes = 0;
    try (RamFile ram = RamFile.open(file, false)) {
      for (long at = ram.nextData(0); at < ram.sizeBytes(); ) {
        final long end = ram.nextHole(at);
        bytes += end - at;
        at = ram.nextData(end);
      }
    }
    return bytes;
  }

  /** hugetlbfs does not tell where its holes are; the VMM's page table does. */
  private static long populatedBytes(final Vm vm) throws IOException {
    long bytes = 0;
    try (Qemu qemu = Qemu.attach(vm.qmpSocket(), OptionalInt.empty(), Duration.ofSeconds(10));
        ProcessPagemap pagemap = ProcessPagemap.open(qemu.pid())) {
      for (final var region : qemu.ram()) {
        bytes +=
            region.pageSizeBytes()
                * pagemap
                    .populated(region.hostAddress(), region.sizeBytes(), region.pageSizeBytes())
                    .cardinality();
      }
    }
    return bytes;
  }
}
