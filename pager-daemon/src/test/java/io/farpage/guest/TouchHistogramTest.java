package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TouchHistogramTest {
  @Test
  void bucketsFollowEachOtherWithoutGaps() {
    for (int bucket = 0; TouchHistogram.leastTicks(bucket) < Long.MAX_VALUE; bucket++) {
      final long least = TouchHistogram.leastTicks(bucket);
      assertEquals(bucket, TouchHistogram.bucketOf(least));
      assertEquals(bucket, TouchHistogram.bucketOf(TouchHistogram.leastTicks(bucket + 1) - 1));
    }
    assertTrue(TouchHistogram.bucketOf(-1) < TouchHistogram.EMPTY.buckets());
  }

  @Test
  void theMiddleOfABucketIsWrongByAtMostOneThirtySecond() {
    final SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 100_000; i++) {
      final long ticks = random.nextLong() >>> 2 + random.nextInt(62);
      final double found = TouchHistogram.EMPTY.middleTicks(TouchHistogram.bucketOf(ticks));
      assertEquals(ticks, found, ticks / 32.0, "of " + ticks);
    }
  }

  @Test
  void quantilesAreThoseOfTheSlowTouchesOnly() {
    final long[] ticks =
        LongStream.concat(
                LongStream.generate(() -> 100).limit(100_000),
                LongStream.rangeClosed(1, 1000).map(i -> 10_000 * i))
            .toArray();
    final TouchHistogram histogram = TouchHistogram.of(ticks);
    assertEquals(101_000, histogram.count());
    assertEquals(1000, histogram.countFrom(5000));
    assertEquals(100, histogram.quantileTicks(0.5, 0), 100 / 32.0);
    assertEquals(5_000_000, histogram.quantileTicks(0.5, 5000), 5_000_000 / 32.0);
    assertEquals(9_900_000, histogram.quantileTicks(0.99, 5000), 9_900_000 / 32.0);
    assertEquals(10_000_000, histogram.quantileTicks(1, 5000), 10_000_000 / 32.0);
  }

  @Test
  void withoutTouchesThereIsNoQuantile() {
    assertEquals(Double.NaN, TouchHistogram.of(100).quantileTicks(0.5, 1000));
    assertThrows(
        IllegalArgumentException.class, () -> TouchHistogram.of(100).quantileTicks(1.5, 0));
  }

  @Test
  void aDifferenceSurvivesTheOverflowOfACounter() {
    final ByteBuffer before = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    final ByteBuffer after = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    before.putInt(40, -3);
    after.putInt(40, 4);
    final TouchHistogram difference = TouchHistogram.read(after).minus(TouchHistogram.read(before));
    assertEquals(7, difference.count());
    assertEquals(7, difference.count(10));
  }

  @Test
  void theSumHasTheTouchesOfBoth() {
    final TouchHistogram sum = TouchHistogram.of(3, 70).plus(TouchHistogram.of(70, 1L << 40));
    assertEquals(4, sum.count());
    assertEquals(2, sum.count(TouchHistogram.bucketOf(70)));
    assertEquals(1, sum.countFrom(1L << 39));
  }
}
