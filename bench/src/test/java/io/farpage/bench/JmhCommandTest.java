package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;

class JmhCommandTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "(                  | REGEX: Unclosed group",
        "--time=0           | --time must be at least 1",
        "--forks=0          | --forks must be at least 1",
        "--verbose --json   | exclude each other",
        "NoSuchBenchmark    | no benchmark is named like NoSuchBenchmark",
      })
  void badUsageIsSaidInOneLine(final String arguments, final String complaint) {
    final StringWriter said = new StringWriter();
    final CommandLine command = new CommandLine(new JmhCommand()).setErr(new PrintWriter(said));
    assertEquals(2, command.execute(arguments.split(" +")));
    assertTrue(said.toString().contains(complaint), said.toString());
  }

  @Test
  void everyPieceOfTheHotPathHasABenchmark() {
    final Set<String> classes = new HashSet<>();
    for (final BenchmarkListEntry entry :
        BenchmarkList.defaultList()
            .getAll(
                OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                List.of())) {
      classes.add(entry.getUsername().replaceAll(".*\\.(\\w+)Benchmark\\..*", "$1"));
    }
    assertEquals(
        Set.of(
            "FaultFeed",
            "LatencyHistogram",
            "NativeCall",
            "PageMap",
            "PagePlacement",
            "PrefetchPolicy",
            "TcpPageLane"),
        classes);
  }
}
