package io.farpage.bench;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code farpage bench jmh}: the pieces of the hot path one by one, and what they allocate. */
@Command(
    name = "jmh",
    description = "Micro-benchmarks of the hot path's pieces, with Java's options of the daemon.",
    mixinStandardHelpOptions = true)
final class JmhCommand implements Callable<Integer> {
  private static final TimeValue WARMUP = TimeValue.milliseconds(500);
  private static final int WARMUPS = 2;
  private static final int ITERATIONS = 4;
  private static final String ALLOCATION = "gc.alloc.rate.norm";

  /** An object has 16 at least; what JMH itself allocates in an iteration counts with all of it. */
  private static final double MOST_BYTES = 1;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "REGEX",
      defaultValue = ".*",
      description = "part of the names of those to run (default: all)")
  private String regex;

  @Option(
      names = "--time",
      paramLabel = "MS",
      defaultValue = "500",
      description = "of one measured iteration, in milliseconds (default: ${DEFAULT-VALUE})")
  private int timeMs;

  @Option(names = "--forks", paramLabel = "N", defaultValue = "1", description = "Java machines")
  private int forks;

  @Option(names = "--verbose", description = "print what JMH prints")
  private boolean verbose;

  @Option(names = "--json", description = "one JSON object, and nothing else")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    require(timeMs >= 1, "--time must be at least 1");
    require(forks >= 1, "--forks must be at least 1");
    require(!(verbose && json), "--verbose and --json exclude each other");
    final Findings findings =
        new Findings(json, System.out)
            .onThisMachine()
            .note("java", "Java " + Runtime.version())
            .note("repeats", forks + " x " + ITERATIONS + " iterations of " + timeMs + " ms");
    final Table table = new Table("benchmark", "ns/op", "+-", "B/op");
    for (final RunResult result : run()) {
      note(result, table, findings);
    }
    findings.print(List.of(table));
    return 0;
  }

  private Collection<RunResult> run() throws IOException {
    try {
      Pattern.compile(regex);
    } catch (final PatternSyntaxException e) {
      throw new ParameterException(
          spec.commandLine(), "REGEX: " + e.getDescription() + " in " + regex, e);
    }
    try {
      return new Runner(
              new OptionsBuilder()
                  .include(regex)
                  .mode(Mode.AverageTime)
                  .timeUnit(TimeUnit.NANOSECONDS)
                  .warmupIterations(WARMUPS)
                  .warmupTime(WARMUP)
                  .measurementIterations(ITERATIONS)
                  .measurementTime(TimeValue.milliseconds(timeMs))
                  .forks(forks)
                  .addProfiler(GCProfiler.class)
                  .shouldFailOnError(true)
                  .verbosity(verbose ? VerboseMode.NORMAL : VerboseMode.SILENT)
                  .build())
          .run();
    } catch (final NoBenchmarksException e) {
      throw new ParameterException(spec.commandLine(), "no benchmark is named like " + regex, e);
    } catch (final RunnerException e) {
      throw new IOException("JMH: " + e.getMessage(), e);
    }
  }

  private void require(final boolean good, final String complaint) {
    if (!good) {
      throw new ParameterException(spec.commandLine(), complaint);
    }
  }

  private static void note(final RunResult result, final Table table, final Findings findings) {
    final String[] words = result.getParams().getBenchmark().split("\\.");
    final String name =
        words[words.length - 2].replace("Benchmark", "") + "." + words[words.length - 1];
    final Result<?> time = result.getPrimaryResult();
    final double bytes = result.getSecondaryResults().get(ALLOCATION).getScore();
    findings.rounds().add(name + " ns/op", time.getScore());
    findings.rounds().add(name + " B/op", bytes);
    table.row(
        name,
        String.format(Locale.ROOT, "%.1f", time.getScore()),
        String.format(Locale.ROOT, "%.1f", time.getScoreError()),
        String.format(Locale.ROOT, "%.3f", bytes));
    findings.add(Goal.atMost(name + ", B/op", bytes, MOST_BYTES));
  }
}
