package io.farpage.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code farpage bench fault}: what Farpage adds to a fault that is answered over TCP. */
@Command(
    name = "fault",
    description =
        "Latency of single faults over TCP, beside pagers in C that do the same and nothing else,"
            + " in rounds.",
    mixinStandardHelpOptions = true)
final class FaultCommand implements Callable<Integer> {
  private static final double MOST_P50 = 1.2;
  private static final double MOST_P99 = 1.5;
  private static final double MOST_FIRST = 2;
  private static final List<String> COLUMNS = List.of("p50", "p90", "p99", "max");

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "7",
      description = "medians are over so many (default: ${DEFAULT-VALUE})")
  private int rounds;

  @Option(
      names = "--faults",
      paramLabel = "N",
      defaultValue = "20000",
      description = "faults in each measurement (default: ${DEFAULT-VALUE})")
  private int faults;

  @Option(
      names = "--placement",
      paramLabel = "P",
      defaultValue = "apart",
      description =
          "apart: each side has half of the processors; together: all on one; free: as the"
              + " scheduler wants (default: ${DEFAULT-VALUE})")
  private String placement;

  @Option(names = "--json", description = "one JSON object, and nothing else")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    require(rounds >= 1, "--rounds must be at least 1");
    require(
        faults >= 10 * FaultMeasurements.FIRST_FAULTS && faults <= 1_000_000,
        "--faults must be from 1000 to 1000000");
    if (!Files.isWritable(Path.of("/proc/1/mem"))) {
      throw new IOException("needs root, as the daemon does: it pages another process");
    }
    final Placement where = parsePlacement();
    final Findings findings =
        new Findings(json, System.out)
            .onThisMachine()
            .note("faults", faults + " faults, one at a time, at random")
            .note("placement", "processors: " + placement)
            .note("repeats", "medians of " + rounds + " rounds");
    final Rounds figures = findings.rounds();
    final FaultMeasurements.Waiting floor;
    try (Testbed testbed = Testbed.open();
        FaultMeasurements measurements = new FaultMeasurements(testbed, faults, where, figures)) {
      for (int round = 1; round <= rounds; round++) {
        measurements.round();
        findings.say(
            "round %d: Farpage %.1f us, %s",
            round,
            figures.last(FaultMeasurements.FARPAGE + " p50"),
            Stream.of(FaultMeasurements.Waiting.values())
                .map(FaultMeasurements.Waiting::floor)
                .map(
                    name ->
                        String.format(Locale.ROOT, "%s %.1f", name, figures.last(name + " p50")))
                .collect(Collectors.joining(", ")));
      }
      floor = measurements.bestFloor();
    }
    findings.note("floor", "the floor is " + floor.floor());
    setGoals(findings, floor.floor());
    findings.print(tables(findings));
    return 0;
  }

  private void require(final boolean good, final String complaint) {
    if (!good) {
      throw new ParameterException(spec.commandLine(), complaint);
    }
  }

  private Placement parsePlacement() {
    final Placement parsed;
    try {
      parsed = Placement.valueOf(placement.toUpperCase(Locale.ROOT));
    } catch (final IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--placement must be apart, together or free, not " + placement, e);
    }
    require(
        parsed.isPossible(), "--placement apart needs two processors; take --placement together");
    return parsed;
  }

  private static void setGoals(final Findings findings, final String floor) {
    final Rounds figures = findings.rounds();
    findings.add(
        Goal.atMost(
            "p50, to the floor's",
            figures.median(FaultMeasurements.FARPAGE + " p50") / figures.median(floor + " p50"),
            MOST_P50));
    findings.add(
        Goal.atMost(
            "p99, to the floor's",
            figures.median(FaultMeasurements.FARPAGE + " p99") / figures.median(floor + " p99"),
            MOST_P99));
    findings.add(
        Goal.atMost(
            "p50 of the first " + FaultMeasurements.FIRST_FAULTS + " faults, to the second half's",
            figures.median(FaultMeasurements.FIRST + " p50")
                / figures.median(FaultMeasurements.LATER + " p50"),
            MOST_FIRST));
  }

  private static List<Table> tables(final Findings findings) {
    final List<String> local = List.of(FaultMeasurements.LOCAL_FLOOR, FaultMeasurements.LOCAL);
    final List<String> remote = new ArrayList<>();
    final List<String> trips = new ArrayList<>();
    for (final FaultMeasurements.Waiting waiting : FaultMeasurements.Waiting.values()) {
      remote.add(waiting.floor());
      trips.add(waiting.roundTrip());
    }
    remote.addAll(
        List.of(FaultMeasurements.FARPAGE, FaultMeasurements.FIRST, FaultMeasurements.LATER));
    return List.of(
        table("without a transport, us", local, findings),
        table("over TCP, us", remote, findings),
        table("the transport alone, us", trips, findings));
  }

  private static Table table(final String what, final List<String> names, final Findings findings) {
    final Table table = new Table(what, COLUMNS.toArray(String[]::new));
    for (final String name : names) {
      table.row(
          name,
          COLUMNS.stream()
              .map(column -> String.format(Locale.ROOT, "%s %s", name, column))
              .map(figure -> findings.median(figure, "%.1f"))
              .toArray(String[]::new));
    }
    return table;
  }
}
