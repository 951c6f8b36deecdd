package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static io.farpage.migration.RdmaLab.PATIENCE;
import static io.farpage.migration.RdmaLab.RDMA;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real guests, moved over a real queue pair between two daemons of one host. */
@Tag("lab")
public class RdmaMigrationTest {
  private static final double SLACK = 1.05;

  /** A guest whose pages all have content, and which writes to all of them. */
  private static final WriterGuest GUEST =
      WriterGuest.builder(MachineType.PC, 64 * MIB)
          .pattern(WritePattern.RANDOM)
          .stepsPerDot(1 << 14)
          .build();

  /** Whether it is bulk or demand; what is registered is the data; and the heap is left alone. */
  @Test
  void everyPageArrives() throws Exception {
    try (MigrationLab lab = RdmaLab.open()) {
      final Vm source = lab.source(GUEST, lab.memory(64, "a"));
      final Vm destination = lab.destination(GUEST, lab.memory(64, "b"));
      final LocalMigration migration =
          lab.begin(List.of(RDMA), source, destination, RDMA, "--max-postcopy-bandwidth=4M");
      final long registered = RdmaLab.awaitRegistered(migration);
      final JsonNode report = lab.finish(migration, source, destination).report();
      RdmaLab.requireOneSided(report);
      final JsonNode figures = report.path("farpage");
      final long data = figures.path("data-bytes").asLong();
      assertTrue(registered <= data * SLACK, () -> registered + " of " + data);
      assertTrue(figures.path("demand-faults").asLong() > 1000, report::toString);
      assertTrue(figures.path("prefetched-pages").asLong() > 1000, report::toString);
      assertEquals(0, figures.path("allocated-bytes-postcopy").asLong(-1), report::toString);
      assertEquals(0, figures.path("gc-count-postcopy").asLong(-1), report::toString);
      destination.requireWriting();
      destination.verify();
    }
  }

  @Test
  void eachDemandAgentHasAQueuePair() throws Exception {
    try (MigrationLab lab = RdmaLab.open()) {
      final Vm source = lab.source(GUEST, lab.memory(64, "a"));
      final Vm destination = lab.destination(GUEST, lab.memory(64, "b"));
      final LocalMigration migration =
          lab.begin(
              List.of(RDMA),
              source,
              destination,
              RDMA,
              "--max-postcopy-bandwidth=4M",
              "--demand-agents=3");
      final JsonNode report = lab.finish(migration, source, destination).report();
      RdmaLab.requireOneSided(report);
      final JsonNode figures = report.path("farpage");
      assertEquals(3, figures.path("demand-agents").asInt(), report::toString);
      assertTrue(figures.path("demand-faults").asLong() > 1000, report::toString);
      assertEquals(0, figures.path("allocated-bytes-postcopy").asLong(-1), report::toString);
      destination.requireWriting();
      destination.verify();
    }
  }

  /** The source's process stands still while its memory is read. */
  @Test
  void theSourceTakesNoPartInIt() throws Exception {
    try (MigrationLab lab = RdmaLab.open()) {
      final Vm source = lab.source(GUEST, lab.memory(64, "a"));
      final Vm destination = lab.destination(GUEST, lab.memory(64, "b"));
      final LocalMigration migration =
          lab.begin(List.of(RDMA), source, destination, RDMA, "--max-postcopy-bandwidth=4M");
      MigrationLab.awaitResume(migration);
      RdmaLab.awaitRegistered(migration);
      final long pid = migration.source().process().pid();
      RdmaLab.signal(pid, "STOP");
      final int linesBefore = migration.destination().output().size();
      migration
          .destination()
          .awaitEvent(
              "PROGRESS",
              data -> data.has("remaining") && data.path("remaining").asLong() == 0,
              PATIENCE);
      assertEquals('T', RdmaLab.stateOf(pid), "the source's daemon did not stand still");
      assertTrue(migration.destination().output().size() > linesBefore, "it was all there already");
      destination.requireWriting();
      assertTrue(migration.destination().process().isAlive(), "it did not wait for the goodbye");
      RdmaLab.signal(pid, "CONT");
      RdmaLab.requireOneSided(lab.finish(migration, source, destination).report());
      destination.verify();
    }
  }
}
