package io.farpage.guest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How long touches of a {@link WriterGuest} took, in ticks of its time-stamp counter: a log-linear
 * histogram as the guest keeps it, immutable here.
 *
 * <p>Times below 16 have a bucket each, every power of two from there on has 16; so a value that is
 * taken from the middle of its bucket is wrong by at most 1/32. The guest counts with 32 bits, and
 * its counters overflow; a {@linkplain #minus difference} of two histograms is right all the same
 * as long as no bucket has got 2^32 more.
 */
public final class TouchHistogram {
  /** What a histogram takes in the guest's memory. */
  static final int BYTES = 4096;

  /** Nothing. */
  public static final TouchHistogram EMPTY = new TouchHistogram(new int[BYTES / 4]);

  private static final int SUB_BITS = 4;
  private static final int SUB_BUCKETS = 1 << SUB_BITS;

  private final int[] counts;

  private TouchHistogram(int[] counts) {
    this.counts = counts;
  }

  /** Reads what the guest has written: little-endian counters. */
  static TouchHistogram read(ByteBuffer page) {
    int[] counts = new int[BYTES / 4];
    page.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(counts);
    return new TouchHistogram(counts);
  }

  /** Counts some touches, given in ticks, as the guest does. */
  public static TouchHistogram of(long... ticks) {
    int[] counts = new int[BYTES / 4];
    for (long each : ticks) {
      counts[bucketOf(each)]++;
    }
    return new TouchHistogram(counts);
  }

  /** Returns the bucket of a time, as the guest computes it. */
  static int bucketOf(long ticks) {
    if (Long.compareUnsigned(ticks, SUB_BUCKETS) < 0) {
      return (int) ticks;
    }
    int shift = 63 - Long.numberOfLeadingZeros(ticks) - SUB_BITS;
    return (shift << SUB_BITS) + (int) (ticks >>> shift);
  }

  /** Returns the shortest time of a bucket, in ticks; from 2^63 on as the largest number. */
  static long leastTicks(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int shift = (bucket >> SUB_BITS) - 1;
    return shift + SUB_BITS >= Long.SIZE - 1
        ? Long.MAX_VALUE
        : (long) (SUB_BUCKETS + (bucket & SUB_BUCKETS - 1)) << shift;
  }

  /** Returns the sum of both. */
  public TouchHistogram plus(TouchHistogram other) {
    int[] sum = counts.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += other.counts[i];
    }
    return new TouchHistogram(sum);
  }

  /** Returns what came after an earlier state of the same guest. */
  public TouchHistogram minus(TouchHistogram earlier) {
    int[] difference = counts.clone();
    for (int i = 0; i < difference.length; i++) {
      difference[i] -= earlier.counts[i];
    }
    return new TouchHistogram(difference);
  }

  /** Returns how many buckets there are. */
  public int buckets() {
    return counts.length;
  }

  /** Returns how many touches are in a bucket. */
  public long count(int bucket) {
    return Integer.toUnsignedLong(counts[bucket]);
  }

  /** Returns the middle of a bucket, in ticks. */
  public double middleTicks(int bucket) {
    double least = leastTicks(bucket);
    return bucket < SUB_BUCKETS ? least : (least + (double) leastTicks(bucket + 1)) / 2;
  }

  /** Returns how many touches there are in all. */
  public long count() {
    return countFrom(0);
  }

  /** Returns how many touches took so long or longer, to the precision of a bucket. */
  public long countFrom(double ticks) {
    long sum = 0;
    for (int i = bucketOf((long) ticks); i < counts.length; i++) {
      sum += count(i);
    }
    return sum;
  }

  /**
   * Returns the time that a share of those touches do not exceed that took so long or longer.
   *
   * @param quantile 0 to 1; 1 is the longest
   * @param fromTicks shorter ones do not count
   * @return in ticks; not a number when there is none
   */
  public double quantileTicks(double quantile, double fromTicks) {
    if (!(quantile >= 0 && quantile <= 1)) {
      throw new IllegalArgumentException("a quantile of " + quantile);
    }
    long total = countFrom(fromTicks);
    long wanted = Math.max(1, (long) Math.ceil(quantile * total));
    long sum = 0;
    for (int i = bucketOf((long) fromTicks); i < counts.length && total > 0; i++) {
      sum += count(i);
      if (sum >= wanted) {
        return middleTicks(i);
      }
    }
    return Double.NaN;
  }
}
