package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.LinuxGuest;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuProcess;
import io.farpage.test.Needs;
import io.farpage.test.QemuVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real Linux with two CPUs, whose program writes, checks and prints wherever it is. */
@Tag("once")
class LinuxMigrationTest {
  private static final Duration GUEST = Duration.ofMinutes(2);

  private static Vm boot(final MigrationLab lab, final Consumer<QemuCommand.Builder> options)
      throws IOException {
    final Vm vm =
        lab.start(null, options.andThen(b -> Needs.linuxGuest().bootAndWorkIn(b.cpus(2), 40, 2)));
    return vm;
  }

  private static Vm source(final MigrationLab lab, final Consumer<QemuCommand.Builder> options)
      throws IOException {
    final Vm vm = boot(lab, options);
    vm.qemu().awaitSerial(LinuxGuest.READY, GUEST);
    requireNextPasses(vm.qemu());
    return vm;
  }

  /** Every page is written, and checked again. */
  private static void requireNextPasses(final QemuProcess qemu) {
    final int from = qemu.serial().length();
    qemu.awaitSerial(LinuxGuest.WORKS, from, GUEST);
    final long pass = LinuxGuest.passes(qemu.serial());
    qemu.await("two more passes", GUEST, () -> LinuxGuest.passes(qemu.serial()) >= pass + 2);
    assertFalse(qemu.serial().contains(LinuxGuest.MISMATCH), qemu::serial);
  }

  @ParameterizedTest
  @EnumSource
  void goesOnWithItsWork(final QemuVersion version) throws Exception {
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source = source(lab, lab.memory(192, "a"));
      final Vm destination = boot(lab, lab.memory(192, "b").andThen(QemuCommand.Builder::incoming));
      lab.migrate(source, destination);
      requireNextPasses(destination.qemu());
      LinuxGuest.command(destination.qemu(), "uptime", GUEST);
    }
  }

  @Test
  void givesPagesBackAndTakesThemAgainMeanwhile() throws Exception {
    try (MigrationLab lab = MigrationLab.open(QemuVersion.TEN)) {
      final Vm source = source(lab, lab.memory(192, "a").andThen(LinuxMigrationTest::balloon));
      final Vm destination =
          boot(
              lab,
              lab.memory(192, "b")
                  .andThen(LinuxMigrationTest::balloon)
                  .andThen(QemuCommand.Builder::incoming));
      final LocalMigration migration =
          lab.begin(source, destination, "--max-postcopy-bandwidth=6M");
      MigrationLab.awaitResume(migration);
      LinuxGuest.command(destination.qemu(), "free", GUEST);
      destination.balloon(96);
      destination.balloon(192);
      LinuxGuest.command(destination.qemu(), "start 40 2", GUEST);
      requireNextPasses(destination.qemu());
      assertTrue(migration.destination().process().isAlive(), "post-copy was over too soon");
      final JsonNode report = lab.finish(migration, source, destination).report();
      assertTrue(report.path("farpage").path("given-back-pages").asLong() > 0, report::toString);
      requireNextPasses(destination.qemu());
    }
  }

  private static void balloon(final QemuCommand.Builder builder) {
    builder.extra("-device", "virtio-balloon-pci,free-page-reporting=on");
  }
}
