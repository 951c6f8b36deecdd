package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TrendPolicyTest {
  private static final int PAGES = 1 << 16;

  private final Guest guest = new Guest(PAGES);
  private final FaultStreams streams = new FaultStreams(guest.missing);

  /** The streams alone, so that the sweep does not help. */
  private final PrefetchPolicy alone = policyOf(streams);

  @Property(tries = 100)
  void aStrideIsFoundAndKeptAheadOf(
      @ForAll @IntRange(min = -40, max = 40) final int stride,
      @ForAll @IntRange(min = 0, max = 1000) final int offset) {
    if (stride == 0) {
      return;
    }
    final Guest any = new Guest(PAGES);
    final FaultStreams found = new FaultStreams(any.missing);
    any.with(policyOf(found));
    final long start = PAGES / 2 + offset;
    for (int i = 0; i < 500; i++) {
      any.touch(start + (long) i * stride);
      any.fetch(8, 64);
    }
    assertTrue(any.faults() <= 4, any.faults() + " faults of 500 at stride " + stride);
  }

  @Property(tries = 50)
  void interleavedStreamsAreToldApart(@ForAll final long seed) {
    final Random random = new Random(seed);
    final Guest any = new Guest(PAGES);
    any.with(policyOf(new FaultStreams(any.missing)));
    final int count = 2 + random.nextInt(6);
    final long[] pages = new long[count];
    final int[] strides = new int[count];
    for (int i = 0; i < count; i++) {
      pages[i] = (long) (PAGES - 8192) / count * i + 4096;
      strides[i] = new int[] {1, -1, 3, -2}[random.nextInt(4)];
    }
    for (int i = 0; i < 200 * count; i++) {
      final int stream = random.nextInt(count);
      any.touch(pages[stream]);
      pages[stream] += strides[stream];
      any.fetch(8, 64);
    }
    assertTrue(any.faults() <= 4 * count, any.faults() + " faults in " + count + " streams");
  }

  @Property(tries = 50)
  void aTrendIsFoundInNoise(@ForAll final long seed) {
    final Random random = new Random(seed);
    final Guest any = new Guest(PAGES);
    any.with(policyOf(new FaultStreams(any.missing)));
    int noise = 0;
    for (int i = 0; i < 2000; i++) {
      if (random.nextInt(5) == 0) {
        any.touch(random.nextInt(PAGES));
        noise++;
      }
      any.touch(PAGES / 2 + i);
      any.fetch(8, 64);
    }
    // the noise itself cannot be foreseen
    assertTrue(any.faults() <= noise + 40, any.faults() + " faults, noise " + noise);
  }

  @Test
  void randomFaultsMakeNoTrend() {
    guest.with(alone);
    final Random random = new Random(7);
    int fetched = 0;
    for (int i = 0; i < 5000; i++) {
      guest.touch(random.nextInt(PAGES));
      fetched += guest.fetch(8, 64);
    }
    assertTrue(fetched < 500, fetched + " pages fetched for 5000 random faults");
  }

  @Test
  void theWindowGrowsWhileItsPagesAreUsedAndEndsWithTheRegion() {
    guest.with(alone);
    int longest = 0;
    for (int page = PAGES - 2000; page < PAGES; page++) {
      guest.touch(page);
      guest.fetch(8, 1024);
      longest = Math.max(longest, (int) guest.run.pageCount());
    }
    assertTrue(longest >= 64, "the longest run has " + longest + " pages");
    assertFalse(streams.next(guest.run, 4096));
    assertTrue(guest.faults() <= 4, guest.faults() + " faults");
  }

  @Test
  void aContiguousTrendMakesRunsWithAMarkerAndAnotherStrideSinglePages() {
    guest.with(alone);
    for (int page = 100; page < 103; page++) {
      guest.touch(page);
    }
    assertTrue(alone.next(guest.run, 1 << 20));
    assertEquals(103, guest.run.firstPage());
    assertTrue(guest.run.pageCount() >= 4);
    assertTrue(guest.run.marker() > 103);
    final FaultStreams other = new FaultStreams(guest.missing);
    for (int page = 5000; page < 5030; page += 10) {
      other.onDemandFault(page);
    }
    assertTrue(other.next(guest.run, 1 << 20));
    assertEquals(5030, guest.run.firstPage());
    assertEquals(1, guest.run.pageCount());
  }

  @Test
  void withoutATrendItSweeps() {
    final TrendPolicy policy = new TrendPolicy(guest.missing);
    guest.map.claim(70);
    policy.onDemandFault(70);
    assertTrue(policy.next(guest.run, 16 * Guest.PAGE));
    assertEquals(71, guest.run.firstPage());
    assertEquals(16, guest.run.pageCount());
  }

  private static PrefetchPolicy policyOf(final FaultStreams found) {
    return new PrefetchPolicy() {
      @Override
      public void onDemandFault(final long page) {
        found.onDemandFault(page);
      }

      @Override
      public void onTouch(final long page) {
        found.onTouch(page);
      }

      @Override
      public boolean next(final PageRun run, final long maxLengthBytes) {
        return found.next(run, maxLengthBytes);
      }

      @Override
      public String name() {
        return "streams";
      }
    };
  }
}
