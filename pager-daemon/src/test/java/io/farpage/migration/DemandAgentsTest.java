package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static io.farpage.migration.MigrationLab.awaitMidPostcopy;
import static io.farpage.migration.MigrationLab.port;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.cli.DaemonProcess;
import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.linux.ProcessFds;
import io.farpage.test.Needs;
import io.farpage.test.QemuVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several demand agents, each with a part of the guest's RAM, a userfaultfd and a lane. */
@Tag("once")
class DemandAgentsTest {
  private static final int SIZE_MIB = 128;
  private static final String SLOW = "--max-postcopy-bandwidth=8M";

  private static WriterGuest writer(final int sizeMib) {
    return WriterGuest.builder(MachineType.PC, (long) sizeMib * MIB)
        .pattern(WritePattern.RANDOM)
        .stepsPerDot(1 << 14)
        .cpus(2)
        .build();
  }

  @ParameterizedTest
  @CsvSource({"2, 3, postcopy", "16, 1, postcopy", "4, 2, hybrid"})
  void noWriteIsLostAndNothingIsLeftInQemu(final int agents, final int bulkLanes, final String mode)
      throws Exception {
    final WriterGuest guest = writer(SIZE_MIB);
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final JsonNode report =
          lab.migrate(
                  source,
                  destination,
                  "--mode=" + mode,
                  "--demand-agents=" + agents,
                  "--bulk-lanes=" + bulkLanes)
              .report();
      assertEquals(agents, report.path("farpage").path("demand-agents").asInt(), report::toString);
      destination.requireWriting();
      destination.verify();
    }
  }

  @Test
  void noWriteIsLostUnderKvm() throws Exception {
    Needs.kvm();
    final WriterGuest guest = writer(64);
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source =
          lab.source(guest, lab.memory(64, "a").andThen(b -> b.accelerator(Accelerator.KVM)));
      final Vm destination =
          lab.destination(guest, lab.memory(64, "b").andThen(b -> b.accelerator(Accelerator.KVM)));
      lab.migrate(source, destination, "--mode=postcopy", "--demand-agents=2");
      destination.verify();
    }
  }

  @Test
  void noWriteIsLostInQemu10() throws Exception {
    final WriterGuest guest = writer(SIZE_MIB);
    try (MigrationLab lab = MigrationLab.open(QemuVersion.TEN)) {
      final Vm source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      lab.migrate(source, destination, "--mode=hybrid", "--demand-agents=4");
      destination.requireWriting();
      destination.verify();
    }
  }

  @Test
  void regionsOfOddSizesAndSmallerThanAStripeAreShared() throws Exception {
    final long[] nodes = {24L * MIB + 8192, (1 << 20), 41L * MIB + 16384};
    final WriterGuest guest =
        WriterGuest.builder(MachineType.PC, nodes[0] + nodes[1] + nodes[2])
            .pattern(WritePattern.RANDOM)
            .stepsPerDot(1 << 14)
            .cpus(3)
            .build();
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.nodes("a", nodes));
      final Vm destination = lab.destination(guest, lab.nodes("b", nodes));
      lab.migrate(source, destination, "--demand-agents=3");
      destination.verify();
    }
  }

  @Test
  void aMappingOfHugePagesStaysWhole() throws Exception {
    final Path mount = Needs.hugepages(64);
    final WriterGuest guest = writer(64);
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm source = lab.source(guest, lab.hugeMemory(mount, 64, "a"));
      final Vm destination = lab.destination(guest, lab.hugeMemory(mount, 64, "b"));
      lab.migrate(source, destination, "--mode=hybrid", "--demand-agents=3");
      destination.verify();
    }
  }

  /** With the cut of the journal, whatever the operator asks for when it goes on. */
  @Test
  void aDestinationDaemonMayBeKilledAndFindsAllItsUserfaultfdsAgain() throws Exception {
    final WriterGuest guest = writer(SIZE_MIB);
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm from = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm to = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final DaemonProcess source = lab.start(from, "source", "--listen=127.0.0.1:0");
      final String address = "--source=127.0.0.1:" + port(source);
      DaemonProcess destination =
          lab.start(to, "dest", address, SLOW, "--mode=postcopy", "--demand-agents=3");
      final Path report = lab.directory().resolve("report.json");
      for (final String again : List.of("--demand-agents=3", "--demand-agents=1")) {
        awaitMidPostcopy(destination);
        destination.close(); // SIGKILL
        assertTrue(to.qemu().isRunning());
        assertEquals(3, userfaultfdsIn(to));
        destination =
            lab.start(
                to,
                "dest",
                address,
                SLOW,
                "--mode=postcopy",
                again,
                "--report=" + report,
                "--resume");
      }
      assertEquals(0, destination.awaitExit(MigrationLab.MIGRATION), destination::toString);
      assertEquals(0, source.awaitExit(MigrationLab.MIGRATION));
      assertEquals(
          3,
          new ObjectMapper()
              .readTree(report.toFile())
              .path("farpage")
              .path("demand-agents")
              .asInt());
      lab.requireNothingLeftIn(to);
      lab.requireNoState();
      to.requireWriting();
      to.verify();
    }
  }

  @Test
  void aSourceDaemonMayBeKilledAndStartedAgain() throws Exception {
    final WriterGuest guest = writer(SIZE_MIB);
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm from = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm to = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final DaemonProcess source = lab.start(from, "source", "--listen=127.0.0.1:0");
      final int port = port(source);
      final String address = "--source=127.0.0.1:" + port;
      final DaemonProcess destination =
          lab.start(to, "dest", address, SLOW, "--mode=postcopy", "--demand-agents=3");
      awaitMidPostcopy(destination);
      source.close(); // SIGKILL
      assertEquals(3, destination.awaitExit(MigrationLab.DAEMON));
      final DaemonProcess restarted = lab.start(from, "source", "--listen=127.0.0.1:" + port);
      port(restarted);
      final DaemonProcess resumed = lab.start(to, "dest", address, "--mode=postcopy", "--resume");
      assertEquals(0, resumed.awaitExit(MigrationLab.MIGRATION), resumed::toString);
      assertEquals(0, restarted.awaitExit(MigrationLab.MIGRATION));
      lab.requireNothingLeftIn(to);
      lab.requireNoState();
      to.requireWriting();
      to.verify();
    }
  }

  @Test
  void aBrokenDemandLanePausesTheMigration() throws Exception {
    final WriterGuest guest = writer(SIZE_MIB);
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm from = lab.source(guest, lab.memory(SIZE_MIB, "a"));
      final Vm to = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
      final DaemonProcess source = lab.start(from, "source", "--listen=127.0.0.1:0");
      final int port = port(source);
      final SlowLink link = lab.add(new SlowLink(port, 1L << 30));
      final DaemonProcess destination =
          lab.start(
              to,
              "dest",
              "--source=127.0.0.1:" + link.port(),
              SLOW,
              "--mode=postcopy",
              "--demand-agents=3");
      awaitMidPostcopy(destination);
      assertEquals(5, link.connections(), "control, three for demand, bulk");
      link.cut(2);
      assertEquals(3, destination.awaitExit(MigrationLab.DAEMON), destination::toString);
      assertEquals(3, userfaultfdsIn(to));
      final DaemonProcess resumed =
          lab.start(to, "dest", "--source=127.0.0.1:" + port, "--mode=postcopy", "--resume");
      assertEquals(0, resumed.awaitExit(MigrationLab.MIGRATION), resumed::toString);
      assertEquals(0, source.awaitExit(MigrationLab.MIGRATION));
      lab.requireNothingLeftIn(to);
      to.verify();
    }
  }

  @ParameterizedTest
  @CsvSource({"--demand-agents, 0", "--demand-agents, 17", "--bulk-lanes, -3"})
  void anImpossibleNumberIsRefused(final String option, final int number) throws Exception {
    Attempt.of("dest", "--qmp=/nowhere", "--source=127.0.0.1:1", option + "=" + number)
        .saying(2, option + " must be 1 to 16");
  }

  @ParameterizedTest
  @CsvSource({"1, 64, 1", "2, 64, 2", "64, 64, 8", "8, 2, 1", "8, 3, 1", "8, 12, 4", "0, 9, 1"})
  void asManyAsCpusThatWaitAndProcessorsToSpare(
      final int cpus, final int processors, final int expected) {
    assertEquals(expected, UsualLanes.demand(cpus, processors));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "4, 1", "8, 2", "64, 4"})
  void asManyBulkLanesAsProcessorsToSpare(final int processors, final int expected) {
    assertEquals(expected, UsualLanes.bulk(processors));
  }

  private static long userfaultfdsIn(final Vm vm) throws IOException {
    return ProcessFds.read(Math.toIntExact(vm.qemu().pid())).values().stream()
        .filter(fd -> fd.contains("userfaultfd"))
        .count();
  }
}
