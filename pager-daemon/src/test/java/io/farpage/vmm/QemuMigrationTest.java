package io.farpage.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.linux.InjectedUserfaultfd;
import io.farpage.qmp.QmpClient;
import io.farpage.qmp.QmpTimeoutException;
import io.farpage.vmm.VmmException.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QemuMigrationTest {
  private static final Duration TIMEOUT = RealQemu.TIMEOUT;

  @Test
  void aGuestThatRunsMovesAndLeavesSettingsAsTheyWere() throws IOException {
    try (RealQemu realSource = RealQemu.withSharedRam();
        RealQemu realDestination = RealQemu.withSharedRam("-incoming", "defer");
        Qemu source = realSource.attach();
        Qemu destination = realDestination.attach()) {
      destination.requireIncomingDefer();
      assertTrue(destination.isIncomingDefer());
      assertFalse(source.isIncomingDefer());
      source.resumeGuest();
      source.requireMigratable();
      MigrationSettings ofSource = MigrationSettings.applyToSource(source.qmp());
      MigrationSettings ofDestination = MigrationSettings.applyToDestination(destination.qmp());

      Path stream = realDestination.directory().resolve("stream");
      destination.startIncoming(stream);
      assertRefused(
          Problem.INCOMING_ALREADY_USED,
          "has been given a migration already (run state 'inmigrate'",
          destination::requireIncomingDefer);
      source.startMigration(stream);
      source.qmp().awaitEvent(event -> event.isMigrationStatus("pre-switchover"), TIMEOUT);
      assertEquals("pre-switchover", source.queryMigration().status());
      assertTrue(source.queryMigration().isUnderWay());
      assertRefused(
          Problem.ALREADY_MIGRATING,
          "is being migrated already (status 'pre-switchover'); wait for it, or cancel it with migrate_cancel",
          source::requireMigratable);

      copyRam(realSource, realDestination);
      source.continueSwitchover();
      destination.qmp().awaitEvent(event -> event.name().equals("RESUME"), TIMEOUT);
      source.qmp().awaitEvent(event -> event.isMigrationStatus("completed"), TIMEOUT);
      assertEquals("running", destination.runState());
      MigrationInfo info = source.queryMigration();
      assertTrue(info.isOver());
      assertTrue(
          info.downtimeMs() >= 0 && info.totalTimeMs() >= info.downtimeMs(), info.toString());
      assertTrue(
          info.transferredBytes() > 0 && info.transferredBytes() < 8 << 20,
          "RAM was skipped: " + info);
      assertRefused(
          Problem.NO_GUEST,
          "has been migrated away already; 'quit' this QEMU, or 'cont' it if the guest certainly runs nowhere else",
          source::requireMigratable);
      assertRefused(
          Problem.INCOMING_ALREADY_USED,
          "(run state 'running', migration 'completed'); start a new one with -incoming defer",
          destination::requireIncomingDefer);
      ofSource.restore();
      ofDestination.restore();
      destination.requireMigratable();

      source.quit(TIMEOUT);
      assertTrue(source.hasExited());
      assertTrue(realSource.awaitExit());
    }
  }

  @Test
  void aPausedGuestMovesAndStaysPaused() throws IOException {
    try (RealQemu realSource = RealQemu.withSharedRam();
        RealQemu realDestination = RealQemu.withSharedRam("-incoming", "defer");
        Qemu source = realSource.attach();
        Qemu destination = realDestination.attach()) {
      source.resumeGuest();
      source.qmp().execute("stop");
      MigrationSettings.applyToSource(source.qmp());
      MigrationSettings.applyToDestination(destination.qmp());
      Path stream = realDestination.directory().resolve("stream");
      destination.startIncoming(stream);
      source.startMigration(stream);
      source.qmp().awaitEvent(event -> event.isMigrationStatus("pre-switchover"), TIMEOUT);
      copyRam(realSource, realDestination);
      source.continueSwitchover();
      source.qmp().awaitEvent(event -> event.isMigrationStatus("completed"), TIMEOUT);
      destination.qmp().awaitEvent(event -> event.isMigrationStatus("completed"), TIMEOUT);
      assertEquals("paused", destination.runState());
    }
  }

  @Test
  void aCancelledMigrationLeavesTheGuestRunning() throws IOException {
    try (RealQemu realSource = RealQemu.withSharedRam();
        RealQemu realDestination = RealQemu.withSharedRam("-incoming", "defer");
        Qemu source = realSource.attach();
        Qemu destination = realDestination.attach()) {
      source.cancelMigration();
      source.resumeGuest();
      MigrationSettings settings = MigrationSettings.applyToSource(source.qmp());
      MigrationSettings.applyToDestination(destination.qmp());
      Path stream = realDestination.directory().resolve("stream");
      destination.startIncoming(stream);
      source.startMigration(stream);
      source.qmp().awaitEvent(event -> event.isMigrationStatus("pre-switchover"), TIMEOUT);
      source.cancelMigration();
      source.qmp().awaitEvent(event -> event.isMigrationStatus("cancelled"), TIMEOUT);
      source.qmp().awaitEvent(event -> event.name().equals("STOP"), TIMEOUT);
      long deadlineNs = System.nanoTime() + TIMEOUT.toNanos();
      while (!source.runState().equals("running") && System.nanoTime() < deadlineNs) {
        Thread.onSpinWait();
      }
      assertEquals("running", source.runState());
      settings.restore();
      source.requireMigratable();
    }
  }

  @Test
  void restoringGivesBackExactlyWhatWasSet() throws IOException {
    try (RealQemu real =
            RealQemu.withSharedRam("-object", "tls-creds-anon,id=tls0,endpoint=client");
        QmpClient qmp = real.connect()) {
      for (Map<String, Boolean> capabilities : foreignCapabilities(qmp)) {
        qmp.execute(
            "migrate-set-capabilities",
            Map.of(
                "capabilities",
                capabilities.entrySet().stream()
                    .map(e -> Map.of("capability", e.getKey(), "state", e.getValue()))
                    .toList()));
        qmp.execute(
            "migrate-set-parameters",
            Map.of(
                "max-bandwidth",
                123_456_789,
                "downtime-limit",
                77,
                "tls-creds",
                capabilities.containsKey("mapped-ram") ? "" : "tls0",
                "multifd-channels",
                5));
        JsonNode capabilitiesBefore = qmp.execute("query-migrate-capabilities");
        JsonNode parametersBefore = qmp.execute("query-migrate-parameters");

        MigrationSettings settings = MigrationSettings.applyToSource(qmp);
        assertEquals(List.of("events", "pause-before-switchover", "x-ignore-shared"), enabled(qmp));
        JsonNode parameters = qmp.execute("query-migrate-parameters");
        assertTrue(parameters.path("max-bandwidth").asLong() > 1L << 60, parameters.toString());
        assertEquals(300, parameters.path("downtime-limit").asLong());
        assertEquals("", parameters.path("tls-creds").asText());

        settings.restore();
        assertEquals(capabilitiesBefore, qmp.execute("query-migrate-capabilities"));
        assertEquals(parametersBefore, qmp.execute("query-migrate-parameters"));
        settings.restore();
        settings = MigrationSettings.applyToDestination(qmp);
        assertTrue(enabled(qmp).containsAll(List.of("events", "x-ignore-shared")));
        assertTrue(
            List.of("events", "pause-before-switchover", "x-ignore-shared")
                .containsAll(enabled(qmp)));
        settings.restore();
        assertEquals(capabilitiesBefore, qmp.execute("query-migrate-capabilities"));
        assertEquals(parametersBefore, qmp.execute("query-migrate-parameters"));
        qmp.execute("migrate-set-parameters", Map.of("tls-creds", ""));
        qmp.execute(
            "migrate-set-capabilities",
            Map.of(
                "capabilities",
                capabilities.keySet().stream()
                    .map(name -> Map.of("capability", name, "state", false))
                    .toList()));
      }
    }
  }

  @Test
  void aDestinationStartedWithoutIncomingIsRefused() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam();
        Qemu qemu = real.attach()) {
      assertRefused(
          Problem.NOT_INCOMING_DEFER,
          "was started without -incoming; start it with the source's options and -incoming defer",
          qemu::requireIncomingDefer);
    }
  }

  @Test
  void aDestinationThatListensAlreadyIsRefused() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam("-incoming", "tcp:127.0.0.1:0");
        Qemu qemu = real.attach()) {
      assertRefused(
          Problem.NOT_INCOMING_DEFER,
          "was started with -incoming tcp:127.0.0.1:0; start it with -incoming defer",
          qemu::requireIncomingDefer);
    }
  }

  @Test
  void aDestinationTakenForTheSourceIsRefused() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam("-incoming", "defer");
        Qemu qemu = real.attach()) {
      assertRefused(
          Problem.NO_GUEST,
          "waits for an incoming migration itself: it has no guest to move; is its QMP socket that of the destination?",
          qemu::requireMigratable);
    }
  }

  @Test
  void aPausedGuestIsMigratable() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam();
        Qemu qemu = real.attach()) {
      qemu.resumeGuest();
      qemu.qmp().execute("stop");
      assertEquals("paused", qemu.runState());
      qemu.requireMigratable();
    }
  }

  @Test
  void aGuestThatQemuWillNotMigrateIsRefusedWithQemusReasons() throws IOException {
    try (RealQemu real =
            RealQemu.withSharedRam(
                "-object", "memory-backend-file,id=shared,size=4M,mem-path=RAMDIR/shared,share=on",
                "-device", "ivshmem-plain,memdev=shared,master=off");
        Qemu qemu = real.attach()) {
      assertRefused(Problem.MIGRATION_BLOCKED, "refuses to migrate: ", qemu::requireMigratable);
    }
  }

  @Test
  void aQemuWhoseMainThreadWaitsForAPageIsKilledByQuit() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam();
        Qemu qemu = real.attach()) {
      RamRegion ram = qemu.ram().get(0);
      try (var uffd = InjectedUserfaultfd.open(real.pid()).local()) {
        uffd.handshake(0);
        uffd.register(ram.hostAddress(), ram.sizeBytes(), 1);
        assertThrows(
            QmpTimeoutException.class,
            () ->
                qemu.qmp()
                    .execute(
                        "human-monitor-command",
                        Map.of("command-line", "xp /1x 0x2000000"),
                        Duration.ofMillis(200)),
            "the main thread waits for the page");
        qemu.quit(Duration.ofMillis(300));
        assertTrue(qemu.hasExited());
        assertTrue(real.awaitExit());
        qemu.quit(Duration.ofMillis(300));
        qemu.killNow(Duration.ofMillis(300));
      }
    }
  }

  @Test
  void killNowIsCertain() throws IOException {
    try (RealQemu real = RealQemu.withSharedRam();
        Qemu qemu = real.attach()) {
      assertFalse(qemu.hasExited());
      qemu.killNow(TIMEOUT);
      assertTrue(qemu.hasExited());
      assertTrue(real.awaitExit());
    }
  }

  /**
   * Combinations that QEMU accepts together and Farpage has to turn off; less on versions that lack
   * some.
   */
  private static List<Map<String, Boolean>> foreignCapabilities(QmpClient qmp) {
    List<String> known =
        StreamSupport.stream(qmp.execute("query-migrate-capabilities").spliterator(), false)
            .map(entry -> entry.path("capability").asText())
            .toList();
    return Stream.of(
            List.of("xbzrle", "auto-converge", "rdma-pin-all", "return-path"),
            List.of("postcopy-ram", "postcopy-preempt", "postcopy-blocktime"),
            List.of("multifd", "release-ram", "pause-before-switchover"),
            List.of("dirty-bitmaps", "validate-uuid", "mapped-ram"))
        .map(
            names ->
                names.stream()
                    .filter(known::contains)
                    .collect(java.util.stream.Collectors.toMap(name -> name, name -> true)))
        .toList();
  }

  /** What the pager is for; here, all at once while the guest stands still. */
  private static void copyRam(RealQemu from, RealQemu to) throws IOException {
    try (FileChannel source = FileChannel.open(from.ramFile(), StandardOpenOption.READ);
        FileChannel destination = FileChannel.open(to.ramFile(), StandardOpenOption.WRITE)) {
      assertEquals(source.size(), source.transferTo(0, source.size(), destination));
    }
  }

  private static List<String> enabled(QmpClient qmp) {
    return StreamSupport.stream(qmp.execute("query-migrate-capabilities").spliterator(), false)
        .filter(entry -> entry.path("state").asBoolean())
        .map(entry -> entry.path("capability").asText())
        .filter(name -> !name.equals("dirty-bitmaps") && !name.equals("validate-uuid"))
        .sorted()
        .toList();
  }

  private static void assertRefused(Problem problem, String words, Runnable check) {
    VmmException e = assertThrows(VmmException.class, check::run);
    assertEquals(problem, e.problem(), e.getMessage());
    assertTrue(e.getMessage().contains(words), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }
}
