package io.farpage.bench.simulation;

import io.farpage.prefetch.PageBits;
import io.farpage.trace.FaultKind;
import io.farpage.trace.FaultTrace;
import io.farpage.trace.FaultTraceWriter;
import io.farpage.trace.TraceRegion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** Traces of guests that were never run: all of their memory is data, and missing. */
final class MadeTrace {
  static final int SERVICE_NS = 35_000;

  private MadeTrace() {}

  /** A guest of so many pages that touches some of them in order, and thinks between. */
  static FaultTrace of(final int pageCount, final long thinkNs, final IntStream touched)
      throws IOException {
    final Path file = Files.createTempFile("farpage-", ".faults");
    try {
      try (FaultTraceWriter writer =
          FaultTraceWriter.create(file, List.of(new TraceRegion("mem", pageCount * 4096L, 4096)))) {
        long now = 0;
        for (final int page : touched.toArray()) {
          writer.add(page, FaultKind.DEMAND, now);
          now += SERVICE_NS + thinkNs;
        }
        final PageBits all = PageBits.allocate(pageCount);
        all.setRange(0, pageCount);
        writer.end(0, 0, SERVICE_NS, all, all, null);
      }
      return FaultTrace.read(file);
    } finally {
      Files.delete(file);
    }
  }
}
