package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {
  @Test
  void aPercentileIsATimeThatWasMeasured() {
    final Latencies latencies =
        new Latencies(LongStream.rangeClosed(1, 200).map(i -> 201_000 - 1000 * i).toArray());
    assertEquals(100, latencies.percentile(50));
    assertEquals(180, latencies.percentile(90));
    assertEquals(198, latencies.percentile(99));
    assertEquals(200, latencies.percentile(99.9));
    assertEquals(200, latencies.max());
    assertEquals(1, latencies.percentile(0));
  }

  @Test
  void aPartIsTakenInTheOrderOfMeasuring() {
    final Latencies first = new Latencies(new long[] {9000, 8000, 1000, 2000}).part(0, 2);
    assertEquals(2, first.count());
    assertEquals(8, first.percentile(50));
    assertEquals(9, first.max());
  }

  @Test
  void nothingHasNoLatency() {
    assertThrows(IllegalArgumentException.class, () -> new Latencies(new long[0]));
  }
}
