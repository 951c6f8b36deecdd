package io.farpage.bench;

import io.farpage.pager.FaultStripes;
import io.farpage.pager.Rehearsal;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code farpage bench threads}: how many faults a second the demand agents answer. */
@Command(
    name = "threads",
    description =
        "Throughput and latency of faults against the number of threads that wait for pages, over"
            + " TCP on the loopback interface, in rounds.",
    mixinStandardHelpOptions = true)
final class ThreadsCommand implements Callable<Integer> {
  private static final int MANY_PROCESSORS = 16;
  private static final int MOST_THREADS = 256;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N",
      description =
          "threads that touch pages (default: 1,2,4,8; with 16 processors and more also 16,32,64)")
  private List<Integer> threads;

  @Option(
      names = "--agents",
      split = ",",
      paramLabel = "N",
      description = "demand agents (default: 1,2, and on up to a third of the processors)")
  private List<Integer> agents;

  @Option(
      names = "--pages",
      paramLabel = "N",
      defaultValue = "16384",
      description = "pages of 4 KiB that are touched in each run (default: ${DEFAULT-VALUE})")
  private int pages;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "7",
      description = "medians are over so many (default: ${DEFAULT-VALUE})")
  private int rounds;

  @Option(names = "--json", description = "one JSON object, and nothing else")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    final int processors = Runtime.getRuntime().availableProcessors();
    threads = threads == null ? usualThreads(processors) : threads;
    agents = agents == null ? usualAgents(processors) : agents;
    require(rounds >= 1, "--rounds must be at least 1");
    require(pages >= MOST_THREADS && pages <= 1 << 22, "--pages must be 256 to 4194304");
    threads.forEach(
        each -> require(each >= 1 && each <= MOST_THREADS, "--threads must be 1 to 256"));
    agents.forEach(
        each ->
            require(
                each >= 1 && each <= FaultStripes.MAX_SHARDS,
                "--agents must be 1 to " + FaultStripes.MAX_SHARDS));
    final Findings findings =
        new Findings(json, System.out)
            .onThisMachine()
            .note("faults", pages + " faults in each run")
            .note("repeats", "medians of " + rounds + " rounds");
    try (ThreadsMeasurements measurements = new ThreadsMeasurements(pages)) {
      for (final int each : agents) {
        Rehearsal.run(each);
        measurements.measure(threads.get(0), each);
      }
      for (int round = 1; round <= rounds; round++) {
        for (final int each : agents) {
          measure(measurements, each, findings);
        }
        findings.say("round %d of %d", round, rounds);
      }
    }
    addGoals(findings);
    findings.print(List.of(table(findings)));
    return 0;
  }

  private void measure(
      final ThreadsMeasurements measurements, final int agentCount, final Findings findings)
      throws IOException {
    double first = 0;
    for (final int threadCount : threads) {
      final ThreadsMeasurements.Figures figures = measurements.measure(threadCount, agentCount);
      first = first == 0 ? figures.faultsPerSecond() : first;
      final String name = name(threadCount, agentCount);
      findings.rounds().add(name + " faults/s", figures.faultsPerSecond());
      findings.rounds().add(name + " ratio", figures.faultsPerSecond() / first);
      findings.rounds().add(name + " p50", figures.p50Us());
      findings.rounds().add(name + " p99", figures.p99Us());
    }
  }

  private void addGoals(final Findings findings) {
    final int most = threads.get(threads.size() - 1);
    for (final int each : agents) {
      findings.add(
          Goal.atLeast(
              String.format(
                  Locale.ROOT,
                  "faults/s of %d threads to those of %d, agents: %d",
                  most,
                  threads.get(0),
                  each),
              findings.rounds().median(name(most, each) + " ratio"),
              1));
    }
  }

  private Table table(final Findings findings) {
    final Table table =
        new Table(
            "threads", "agents", "faults/s", "ratio to " + threads.get(0), "p50 us", "p99 us");
    for (final int agentCount : agents) {
      for (final int threadCount : threads) {
        final String name = name(threadCount, agentCount);
        table.row(
            String.valueOf(threadCount),
            String.valueOf(agentCount),
            findings.median(name + " faults/s", "%.0f"),
            findings.median(name + " ratio", "%.2f"),
            findings.median(name + " p50", "%.1f"),
            findings.median(name + " p99", "%.1f"));
      }
    }
    return table;
  }

  private static String name(final int threadCount, final int agentCount) {
    return threadCount + " threads " + agentCount + " agents";
  }

  static List<Integer> usualThreads(final int processors) {
    return processors < MANY_PROCESSORS ? List.of(1, 2, 4, 8) : List.of(1, 2, 4, 8, 16, 32, 64);
  }

  static List<Integer> usualAgents(final int processors) {
    return Stream.of(1, 2, 4, 8).filter(n -> n <= Math.max(2, processors / 3)).toList();
  }

  private void require(final boolean good, final String complaint) {
    if (!good) {
      throw new ParameterException(spec.commandLine(), complaint);
    }
  }
}
