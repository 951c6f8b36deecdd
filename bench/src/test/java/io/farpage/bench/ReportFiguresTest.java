package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What measurements read out of reports and events. */
class ReportFiguresTest {
  private static final String FETCHED = "{'farpage': {'prefetched-bytes': 1000000}}";

  @Test
  void aFigureIsFoundByItsPath() throws IOException {
    final Move move = move("{'ram': {'total': 7}, 'status': 'completed'}");
    assertEquals(7, move.figure("ram", "total"));
    final IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> move.figure("ram", "none"));
    assertTrue(e.getMessage().startsWith("no ram.none in the report"), e::getMessage);
    assertThrows(IllegalArgumentException.class, () -> move.figure("status"));
  }

  @Test
  void theWarmupRateCountsRoundsThatRead() throws IOException {
    final JsonNode report =
        json(
            "{'farpage': {'warmup': {'rounds': ["
                + "{'read-bytes': 3000, 'duration-ms': 20},"
                + "{'read-bytes': 0, 'duration-ms': 500},"
                + "{'read-bytes': 1000, 'duration-ms': 20}]}}}");
    assertEquals(100_000, BandwidthCommand.warmupRate(report));
  }

  @Test
  void thePostcopyRateIsFromTheResumeUntilNothingIsMissing() throws IOException {
    final PostcopyRate rate =
        PostcopyRate.of(
            move(
                FETCHED,
                "no JSON",
                event("'PROGRESS', 'data': {'remaining': 0}", 1, 0),
                event("'RESUME'", 9, 900_000),
                event("'PROGRESS', 'data': {'remaining': 5}", 10, 0),
                event("'PROGRESS', 'data': {'remaining': 0}", 10, 400_000),
                event("'MIGRATION', 'data': {'status': 'completed'}", 11, 0)));
    assertEquals(500_000, rate.fetchMicros());
    assertEquals(2_000_000, rate.fetchBytesPerSecond());
    assertEquals(1_100_000, rate.micros());
    assertEquals(1_000_000 / 1.1, rate.bytesPerSecond(), 1);
  }

  @Test
  void withoutAResumeThereIsNoRate() throws IOException {
    final Move move = move(FETCHED, event("'PROGRESS', 'data': {'remaining': 0}", 1, 0));
    assertThrows(IOException.class, () -> PostcopyRate.of(move));
  }

  @Test
  void whatQemuDoesNotTellIsZero() throws IOException {
    final QemuMove move =
        new QemuMove(
            false, Double.NaN, Double.NaN, Double.NaN, json("{'ram': {'precopy-bytes': 4096}}"));
    assertEquals(4096, move.bytesBeforeStop());
    assertEquals(0, move.ram("dirty-sync-count"));
  }

  @Test
  void fewerIsInPercent() {
    assertEquals(95, HybridCommand.fewer(0.05), 1e-9);
    assertEquals(-100, HybridCommand.fewer(2), 1e-9);
  }

  private static String event(final String event, final long seconds, final long micros) {
    return ("{'event': " + event + ", 'timestamp': {'seconds': ")
        .concat(seconds + ", 'microseconds': " + micros + "}}")
        .replace('\'', '"');
  }

  private static Move move(final String report, final String... events) throws IOException {
    return new Move(1, json(report), List.of(events));
  }

  private static JsonNode json(final String text) throws IOException {
    return new ObjectMapper().readTree(text.replace('\'', '"'));
  }
}
