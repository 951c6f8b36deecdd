package io.farpage.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.json.JsonTrees;
import io.farpage.migration.WarmupReport;
import io.farpage.warmup.WarmupRound;

/** The figures of a warm-up as JSON, for events and for the report. */
final class WarmupJson {
  private WarmupJson() {}

  static ObjectNode of(final WarmupRound round) {
    return JsonTrees.object()
        .put("round", round.round())
        .put("started-ms", round.startedMs())
        .put("duration-ms", round.durationMs())
        .put("bytes", round.roundBytes())
        .put("read-bytes", round.readBytes())
        .put("wasted-bytes", round.wastedBytes())
        .put("invalidated-bytes", round.invalidatedBytes())
        .put("missing-bytes", round.missingBytes())
        .put("hot-bytes", round.hotBytes())
        .put("valid-bytes", round.validBytes())
        .put("scans", round.scans())
        .put("scan-ns", round.scanNs())
        .put("bytes-per-second", round.bytesPerSecond())
        .put("dirty-bytes-per-second", round.dirtyBytesPerSecond());
  }

  static ObjectNode of(final WarmupReport warmup) {
    final ObjectNode out =
        JsonTrees.object()
            .put("tracker", warmup.tracker())
            .put("started-ms", warmup.startedMs())
            .put("duration-ms", warmup.durationMs())
            .put("arm-ns", warmup.armNs())
            .put("scans", warmup.scans())
            .put("read-bytes", warmup.readBytes())
            .put("reason", warmup.reason())
            .put("explanation", warmup.explanation())
            .put("missing-bytes", warmup.missingBytes())
            .put("unclean-pages", warmup.uncleanPages())
            .put("last-scan-ns", warmup.lastScanNs())
            .put("missing-after-stop-bytes", warmup.missingAfterStopBytes());
    final ArrayNode rounds = out.putArray("rounds");
    warmup.rounds().forEach(round -> rounds.add(of(round)));
    return out;
  }
}
