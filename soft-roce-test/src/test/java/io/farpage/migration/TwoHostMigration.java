package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.cli.DaemonProcess;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.lab.RemoteHost;
import io.farpage.lab.RemoteProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A guest on this host, its daemon, and the other host, where {@link OtherHost} runs a QEMU and a
 * daemon.
 */
abstract class TwoHostMigration {
  static final int SIZE_MIB = 64;

  /** Writes to 8 MiB. */
  static final WriterGuest GUEST =
      WriterGuest.builder(MachineType.PC, SIZE_MIB * MIB)
          .pattern(WritePattern.RANDOM)
          .range(16 * MIB, 8 * MIB)
          .stepsPerDot(1 << 12)
          .build();

  /** What the guest does not touch, so that it takes as long as the bandwidth is limited to. */
  static final Ballast BALLAST = new Ballast(28 * MIB, 32 * MIB);

  static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Holds the ballast twice. */
  private static final String HEAP = "-Xmx192m";

  static final String RDMA = "--transport=rdma";
  static final String SLOW = "--max-postcopy-bandwidth=1M";

  final RemoteHost other = RemoteHost.find();
  private final String address = System.getenv("FARPAGE_LAB_ADDRESS");
  final Path resumeFile = Path.of(System.getenv("FARPAGE_LAB_SHARED"), OtherHost.RESUME_FILE);
  private MigrationLab lab;
  Vm guest;
  DaemonProcess source;
  RemoteProcess destination;

  @BeforeEach
  void startTheGuest() throws IOException {
    Files.deleteIfExists(resumeFile);
    lab = MigrationLab.open();
    guest = lab.source(GUEST, lab.memory(SIZE_MIB, "a"));
    BALLAST.writeTo(guest.ramFile());
  }

  @AfterEach
  void close() throws Exception {
    other.close();
    lab.close();
  }

  final int startSource(final int port, final String... options) throws IOException {
    final List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            "source",
            "--qmp=" + guest.qmpSocket(),
            "--listen=" + address + ":" + port,
            "--state-dir=" + lab.directory().resolve("state"),
            "--insecure"));
    arguments.addAll(List.of(options));
    source = lab.add(DaemonProcess.start(arguments, line -> {}));
    final String line = source.awaitLine(text -> text.startsWith("listening on "), PATIENCE);
    return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
  }

  final void startDestination(final int port, final String... options) throws IOException {
    final String javaOptions = System.getProperty(DaemonProcess.JAVA_OPTIONS_PROPERTY);
    final List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "@" + javaOptions,
            HEAP,
            "-D" + DaemonProcess.JAVA_OPTIONS_PROPERTY + "=" + javaOptions,
            "-cp",
            System.getProperty("java.class.path"),
            OtherHost.class.getName(),
            "--source=" + address + ":" + port));
    command.addAll(List.of(options));
    destination = other.start(command.toArray(String[]::new));
  }

  /** The guest runs on the other host, all memory is registered, and most of it is here. */
  final void awaitMidPostcopy() throws IOException {
    destination.awaitOutput("the guest runs on the destination", PATIENCE);
    // once while the guest ran, and again when it had stopped
    final int[] times = new int[1];
    source.awaitLine(line -> line.startsWith("registered ") && ++times[0] == 2, PATIENCE);
    destination.awaitOutput("[0-9]+ of [0-9]+ MiB", PATIENCE);
  }

  /** Both daemons have ended well, and every byte of the guest is right. */
  final JsonNode requireDone() throws IOException {
    assertEquals(
        Integer.toString(Outcome.COMPLETED.exitCode()),
        destination.awaitOutput(OtherHost.EXIT + "([0-9]+)", PATIENCE).group(1),
        destination.stdout());
    destination.awaitOutput(OtherHost.VERIFIED + "[1-9]", PATIENCE);
    assertEquals(0, destination.awaitExit(PATIENCE), destination.stderr());
    assertEquals(0, source.awaitExit(PATIENCE), () -> source.output().toString());
    lab.requireNoState();
    return new ObjectMapper()
        .readTree(destination.awaitOutput(OtherHost.REPORT + "(.*)", PATIENCE).group(1));
  }

  static void requireMostOneSided(final JsonNode report) {
    final JsonNode figures = report.path("farpage");
    assertEquals("rdma", figures.path("transport").asText(), report::toString);
    final long all = report.path("ram").path("postcopy-bytes").asLong();
    assertTrue(all > 0 && figures.path("one-sided-bytes").asLong() > all / 2, report::toString);
  }

  final void requireSaid(final String words) throws IOException {
    assertTrue(destination.stdout().contains(words), destination.stdout());
  }
}
