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
import io.farpage.linux.RamFile;
import io.farpage.test.Needs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A page that has arrived and is a hole again is zeros when it is touched, never the old page. */
@Tag("once")
class GivenBackPagesTest {
  private static final Ballast BALLAST = new Ballast(24 * MIB, 22 * MIB);
  private static final WriterGuest GUEST =
      WriterGuest.builder(MachineType.PC, 64 * MIB)
          .pattern(WritePattern.RANDOM)
          .range(16 * MIB, 8 * MIB)
          .stepsPerDot(1 << 14)
          .build();

  @Test
  void ofFourKib() throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      giveBackAndTouch(lab, lab.memory(64, "a"), lab.memory(64, "b"));
    }
  }

  @Test
  void ofTwoMib() throws Exception {
    final Path mount = Needs.hugepages(2 * 32);
    try (MigrationLab lab = MigrationLab.open()) {
      giveBackAndTouch(lab, lab.hugeMemory(mount, 64, "a"), lab.hugeMemory(mount, 64, "b"));
    }
  }

  private static void giveBackAndTouch(
      final MigrationLab lab,
      final Consumer<QemuCommand.Builder> sourceMemory,
      final Consumer<QemuCommand.Builder> destinationMemory)
      throws IOException {
    final Vm source = lab.source(GUEST, sourceMemory);
    source.qmp().execute("stop");
    BALLAST.writeTo(source.ramFile());
    final List<Long> pages = List.of(26L * MIB, 36L * MIB, 44L * MIB);
    for (final long page : pages) {
      assertNotEquals(0, source.physicalWord(page), "there is no ballast");
    }
    final Vm destination = lab.destination(GUEST, destinationMemory);
    final LocalMigration migration = lab.begin(source, destination, "--max-postcopy-bandwidth=4M");
    MigrationLab.awaitResume(migration);
    for (final long page : pages) {
      assertNotEquals(0, destination.physicalWord(page), "the ballast has not arrived");
      giveBack(destination, page);
      assertEquals(0, destination.physicalWord(page), "the old page came back");
    }
    assertTrue(migration.destination().process().isAlive(), "post-copy was over too soon");
    final JsonNode report = lab.finish(migration, source, destination).report();
    assertEquals(
        pages.size(), report.path("farpage").path("given-back-pages").asInt(), report::toString);
    for (final long page : pages) {
      assertEquals(0, destination.physicalWord(page), "the old page came back later");
    }
    destination.verify();
  }

  /** What QEMU does for a balloon and for free page reporting. */
  private static void giveBack(final Vm vm, final long page) throws IOException {
    try (RamFile ram = RamFile.open(vm.ramFile(), true)) {
      ram.punchHole(page, ram.pageSizeBytes());
    }
  }
}
