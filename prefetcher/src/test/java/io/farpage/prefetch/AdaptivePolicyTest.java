package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class AdaptivePolicyTest {
  private static final int PAGES = 1 << 15;

  private final Guest guest = new Guest(PAGES);

  @Test
  void aRecordingThatHoldsGoesFirst() {
    final long[] pages = new Random(3).longs(4000, 0, PAGES).distinct().toArray();
    final RecordedFaults faults = new RecordedFaults(guest.space, pages);
    guest.with(new AdaptivePolicy(guest.missing, null, faults));
    for (final long page : pages) {
      guest.touch(page);
      guest.fetch(1, 4);
    }
    assertTrue(guest.faults() < pages.length / 50, guest.faults() + " faults");
  }

  @Test
  void aRecordingOfSomethingElseLosesItsShare() {
    // pages of the first half, and the guest goes through the second
    final long[] pages = new Random(3).longs(8000, 0, PAGES / 2).distinct().toArray();
    guest.with(new AdaptivePolicy(guest.missing, null, new RecordedFaults(guest.space, pages)));
    final Random random = new Random(4);
    for (int i = 0; i < 200; i++) {
      guest.touch(PAGES / 2 + random.nextInt(PAGES / 2));
      guest.fetch(1, 4);
    }
    final int before = here(0, PAGES / 2);
    int fetched = 0;
    for (int i = 0; i < 300; i++) {
      guest.touch(PAGES / 2 + random.nextInt(PAGES / 2));
      fetched += guest.fetch(1, 4);
    }
    final int wrong = here(0, PAGES / 2) - before;
    assertTrue(wrong < fetched / 4, wrong + " of " + fetched + " pages were of the recording");
  }

  @Test
  void whatTheGuestWritesMostGoesFirst() {
    final PageHeat heat = new PageHeat(PAGES);
    final long[] hot = new Random(5).longs(2000, 0, PAGES).distinct().toArray();
    for (final long page : hot) {
      heat.set(page, 128);
    }
    guest.with(new AdaptivePolicy(guest.missing, heat, null));
    int fetched = 0;
    int hits = 0;
    while (fetched < 1000) {
      fetched += guest.fetch(1, 1);
      hits += heat.of(guest.run.firstPage()) > 0 ? 1 : 0;
    }
    assertTrue(hits > 900, hits + " of " + fetched + " pages were hot");
  }

  @Test
  void aStreamIsKeptAheadOf() {
    guest.with(new AdaptivePolicy(guest.missing, null, null));
    for (int i = 0; i < 2000; i++) {
      guest.touch(PAGES - 1 - i * 9L);
      guest.fetch(2, 16);
    }
    assertTrue(guest.faults() <= 8, guest.faults() + " faults of 2000");
  }

  @Test
  void streamsThatAreNotUsedDoNotStarveTheRest() {
    guest.with(new AdaptivePolicy(guest.missing, null, null));
    final Random random = new Random(6);
    int ofStreams = 0;
    int fetched = 0;
    for (int i = 0; i < 1000; i++) {
      // three faults in a row look like a stream, and then it goes elsewhere
      final long page = random.nextInt(PAGES - 100);
      guest.touch(page);
      guest.touch(page + 9);
      guest.touch(page + 18);
      for (int k = 0; k < 4; k++) {
        fetched += guest.fetch(1, 4);
        final long first = guest.run.firstPage();
        ofStreams += first > page + 18 && (first - page) % 9 == 0 ? 1 : 0;
      }
    }
    assertTrue(ofStreams < fetched / 8, ofStreams + " of " + fetched + " pages were of streams");
  }

  @Test
  void onRandomTouchesItIsAsGoodAsTheSweep() {
    int adaptive = 0;
    int sweep = 0;
    for (int seed = 0; seed < 10; seed++) {
      final Guest one = new Guest(PAGES);
      adaptive +=
          faultsOfRandomTouches(one.with(new AdaptivePolicy(one.missing, null, null)), seed);
      final Guest other = new Guest(PAGES);
      sweep += faultsOfRandomTouches(other.with(new SweepPolicy(other.missing)), seed);
    }
    assertTrue(adaptive <= sweep * 1.02, adaptive + " faults, the sweep has " + sweep);
  }

  @Test
  void theLastPageIsProposedWhoeverHasTheTurn() {
    guest.with(new AdaptivePolicy(guest.missing, null, null));
    int pages = 0;
    int fetched;
    do {
      fetched = guest.fetch(100, 16);
      pages += fetched;
    } while (fetched > 0);
    assertEquals(PAGES, pages);
  }

  private static int faultsOfRandomTouches(final Guest guest, final int seed) {
    final Random random = new Random(seed);
    for (int i = 0; i < 4000; i++) {
      guest.touch(random.nextInt(PAGES));
      guest.fetch(1, 16);
    }
    return guest.faults();
  }

  private int here(final int from, final int to) {
    int count = 0;
    for (int page = from; page < to; page++) {
      count += guest.map.isReceived(page) ? 1 : 0;
    }
    return count;
  }
}
