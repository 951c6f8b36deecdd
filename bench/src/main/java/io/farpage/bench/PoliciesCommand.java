package io.farpage.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.bench.simulation.LinkModel;
import io.farpage.bench.simulation.Simulation;
import io.farpage.bench.simulation.SimulationResult;
import io.farpage.prefetch.PrefetchPolicies;
import io.farpage.trace.FaultTrace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code farpage bench policies}: simulates prefetch policies on recorded guests. */
@Command(
    name = "policies",
    description =
        "Replays recorded guests through prefetch policies, in virtual time: how often the guest"
            + " would have waited, and for how long.",
    mixinStandardHelpOptions = true)
final class PoliciesCommand implements Callable<Integer> {
  /** The default policy with a recording of the guest's earlier run. */
  static final String AUTO_WITH_RECORDING = "auto+replay";

  private static final double NS_PER_MS = 1e6;

  @Spec private CommandSpec spec;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "what `farpage dest --record-faults` wrote; repeatable (default: some are here)")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--policy",
      paramLabel = "P",
      split = ",",
      description =
          "auto, sweep, bubble, trend, hot-first, replay, auto+replay; repeatable (default: all)")
  private List<String> policies = new ArrayList<>();

  @Option(
      names = "--recording",
      paramLabel = "FILE",
      description =
          "what replay and auto+replay know of an earlier run (default: the trace itself)")
  private Path recordingFile;

  @Option(
      names = "--round-trip",
      paramLabel = "US",
      defaultValue = "30",
      description = "there and back, in microseconds (default: ${DEFAULT-VALUE})")
  private double roundTripMicros;

  @Option(
      names = "--service",
      paramLabel = "US",
      defaultValue = "5",
      description = "a fault's time besides the way, in microseconds (default: ${DEFAULT-VALUE})")
  private double serviceMicros;

  @Option(
      names = "--bandwidth",
      paramLabel = "B/s",
      defaultValue = "800M",
      converter = ByteSize.class,
      description = "of the link, bytes a second (default: ${DEFAULT-VALUE})")
  private long bandwidth;

  @Option(
      names = "--in-flight",
      paramLabel = "B",
      defaultValue = "1M",
      converter = ByteSize.class,
      description =
          "bytes of bulk reads under way at most; one read is always allowed (default:"
              + " ${DEFAULT-VALUE})")
  private long inFlight;

  @Option(
      names = "--max-chunk",
      paramLabel = "B",
      defaultValue = "4M",
      converter = ByteSize.class,
      description = "the longest bulk read (default: ${DEFAULT-VALUE})")
  private long maxChunk;

  @Option(names = "--json", paramLabel = "FILE", description = "write the figures there too")
  private Path json;

  @Override
  public Integer call() throws IOException {
    final LinkModel link = link();
    final List<String> chosen = policies.isEmpty() ? allPolicies() : policies;
    for (final String policy : chosen) {
      require(allPolicies().contains(policy), "--policy: there is no " + policy);
    }
    final FaultTrace recording = recordingFile == null ? null : FaultTrace.read(recordingFile);
    final ArrayNode figures = new ObjectMapper().createArrayNode();
    for (final Map.Entry<String, FaultTrace> each : traces().entrySet()) {
      final FaultTrace trace = each.getValue();
      System.out.println(describe(each.getKey(), trace));
      final Table table =
          new Table(
              "policy",
              "demand %",
              "waits %",
              "early demand %",
              "accuracy %",
              "coverage %",
              "lead ms",
              "lost ms",
              "demand faults");
      for (final String policy : chosen) {
        final boolean knows = policy.endsWith(PrefetchPolicies.REPLAY);
        final SimulationResult result =
            Simulation.run(
                trace,
                link,
                policy.equals(AUTO_WITH_RECORDING) ? PrefetchPolicies.AUTO : policy,
                knows ? recording == null ? trace : recording : null);
        row(table, policy, result);
        figures.add(toJson(each.getKey(), policy, result));
      }
      table.lines().forEach(System.out::println);
      System.out.println();
    }
    if (json != null) {
      Files.writeString(json, figures.toPrettyString() + "\n");
    }
    return 0;
  }

  private static List<String> allPolicies() {
    final List<String> all = new ArrayList<>(PrefetchPolicies.NAMES);
    all.add(AUTO_WITH_RECORDING);
    return all;
  }

  private LinkModel link() {
    require(roundTripMicros >= 0, "--round-trip must not be negative");
    require(serviceMicros >= 0, "--service must not be negative");
    require(bandwidth > 0, "--bandwidth must be more than 0");
    require(inFlight > 0, "--in-flight must be more than 0");
    require(
        maxChunk >= LinkModel.DEFAULT.minChunkBytes(),
        "--max-chunk must be at least " + LinkModel.DEFAULT.minChunkBytes());
    return new LinkModel(
        Math.round(roundTripMicros * 1000),
        bandwidth,
        Math.round(serviceMicros * 1000),
        LinkModel.DEFAULT.minChunkBytes(),
        maxChunk,
        inFlight);
  }

  private Map<String, FaultTrace> traces() throws IOException {
    if (files.isEmpty()) {
      return RecordedGuests.all();
    }
    final Map<String, FaultTrace> traces = new LinkedHashMap<>();
    for (final Path file : files) {
      traces.put(file.toString(), FaultTrace.read(file));
    }
    return traces;
  }

  private void require(final boolean good, final String complaint) {
    if (!good) {
      throw new ParameterException(spec.commandLine(), complaint);
    }
  }

  private static String describe(final String name, final FaultTrace trace) {
    return String.format(
        Locale.ROOT,
        "%s: %d faults in %.2f s, %d of %d pages are data, %d of them missing at the stop",
        name,
        trace.count(),
        trace.count() == 0 ? 0 : trace.timeNs(trace.count() - 1) / 1e9,
        trace.data().count(),
        trace.space().pageCount(),
        trace.missing().count());
  }

  private static void row(final Table table, final String policy, final SimulationResult result) {
    table.row(
        policy,
        format("%.2f", result.demandPercent()),
        format("%.2f", result.waitPercent()),
        format("%.1f", result.earlyDemandPercent()),
        format("%.1f", result.accuracyPercent()),
        format("%.1f", result.coveragePercent()),
        format("%.2f", result.leadNs() / NS_PER_MS),
        format("%.2f", result.lostNs() / NS_PER_MS),
        Long.toString(result.demandFaults()));
  }

  private static String format(final String format, final double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static ObjectNode toJson(
      final String trace, final String policy, final SimulationResult result) {
    return new ObjectMapper()
        .createObjectNode()
        .put("trace", trace)
        .put("policy", policy)
        .put("working-set-pages", result.touched())
        .put("missing-working-set-pages", result.touchedMissing())
        .put("demand-faults", result.demandFaults())
        .put("demand-percent", result.demandPercent())
        .put("early-demand-percent", result.earlyDemandPercent())
        .put("clustered-pages", result.clustered())
        .put("waits-in-flight", result.waits())
        .put("wait-percent", result.waitPercent())
        .put("marker-touches", result.markers())
        .put("prefetched-pages", result.prefetched())
        .put("used-pages", result.used())
        .put("accuracy-percent", result.accuracyPercent())
        .put("coverage-percent", result.coveragePercent())
        .put("median-lead-ns", result.leadNs())
        .put("lost-ns", result.lostNs())
        .put("complete-ns", result.completeNs());
  }
}
