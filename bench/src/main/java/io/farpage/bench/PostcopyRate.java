package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

/**
 * How fast memory was fetched ahead of demand after the guest had resumed.
 *
 * @param bytes fetched ahead
 * @param fetchMicros from the event RESUME until nothing was missing, by the daemon's clock
 * @param micros from the event RESUME until the status completed: with what the daemon does at the
 *     end, which takes no bandwidth
 */
record PostcopyRate(double bytes, long fetchMicros, long micros) {
  static PostcopyRate of(final Move move) throws IOException {
    final ObjectMapper mapper = new ObjectMapper();
    long resume = -1;
    long fetched = -1;
    for (final String line : move.events()) {
      if (!line.startsWith("{")) {
        continue;
      }
      final JsonNode event = mapper.readTree(line);
      if (event.path("event").asText().equals("RESUME")) {
        resume = micros(event);
      } else if (resume >= 0 && fetched < 0 && event.at("/data/remaining").asLong(-1) == 0) {
        fetched = micros(event);
      } else if (fetched >= 0 && event.at("/data/status").asText().equals("completed")) {
        return new PostcopyRate(
            move.figure("farpage", "prefetched-bytes"), fetched - resume, micros(event) - resume);
      }
    }
    throw new IOException("the guest did not resume, or memory is missing: " + move.events());
  }

  double bytesPerSecond() {
    return bytes * 1e6 / micros;
  }

  double fetchBytesPerSecond() {
    return bytes * 1e6 / fetchMicros;
  }

  private static long micros(final JsonNode event) {
    final JsonNode timestamp = event.path("timestamp");
    return timestamp.path("seconds").asLong() * 1_000_000 + timestamp.path("microseconds").asLong();
  }
}
