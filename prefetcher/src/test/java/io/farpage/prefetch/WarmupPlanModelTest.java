package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * A guest writes while its pages are read and scanned: what counts as received in the end is what
 * the guest left, and every figure agrees with sets of pages that are too simple to be wrong.
 */
class WarmupPlanModelTest {
  private static final long SMALL = 4096;
  private static final long HUGE = 2L << 20;
  private static final int STEPS = 400;

  @Property(tries = 400)
  void whatIsReceivedInTheEndIsWhatTheGuestLeft(
      @ForAll @IntRange(min = 1, max = 200) final int smallPages,
      @ForAll @IntRange(min = 1, max = 8) final int hugePages,
      @ForAll @IntRange(min = 1, max = 20) final int writesInTwenty,
      @ForAll final long seed) {
    final Migration migration =
        new Migration(smallPages, hugePages, writesInTwenty, new Random(seed));
    for (int i = 0; i < STEPS; i++) {
      migration.step();
      migration.requireFigures();
    }
    migration.switchOver();
    migration.requireFigures();
    migration.requireContent();
  }

  /** A read of consecutive pages; each is copied at some time before the read ends. */
  private record Read(int first, int count, BitSet copied) {}

  /** The plan, the guest on the source, the copies here, and the plan's state as plain sets. */
  private static final class Migration {
    private final Random random;
    private final PageSpace space;
    private final int pageCount;
    private final int writesInTwenty;

    // the source: how often each page was written, and what its tracking knows
    private final int[] version;
    private final BitSet tracked = new BitSet();
    private final Deque<PageBits> answers = new ArrayDeque<>();

    // here
    private final PageMap map;
    private final WarmupPlan plan;
    private final int[] copy;
    private final List<Read> reads = new ArrayList<>();
    private final PageRun run = new PageRun();

    // what the plan should be like
    private final BitSet known = new BitSet();
    private final BitSet received = new BitSet();
    private final BitSet inFlight = new BitSet();
    private final BitSet tainted = new BitSet();
    private final BitSet round = new BitSet();
    private final int[] heat;
    private long read;
    private long wasted;
    private long invalidated;

    Migration(
        final int smallPages, final int hugePages, final int writesInTwenty, final Random random) {
      this.random = random;
      this.writesInTwenty = writesInTwenty;
      space =
          new PageSpace(
              new long[] {smallPages * SMALL, hugePages * HUGE}, new long[] {SMALL, HUGE});
      pageCount = smallPages + hugePages;
      version = new int[pageCount];
      copy = new int[pageCount];
      heat = new int[pageCount];
      map = new PageMap(PageBits.allocate(pageCount));
      final PageOrigins origins = new PageOrigins(pageCount);
      plan = new WarmupPlan(space, map, origins, new PageHeat(pageCount));
      for (int page = 0; page < pageCount; page++) {
        if (random.nextInt(4) != 0) {
          version[page] = 1;
          origins.noteData(page, 1);
          known.set(page);
        }
      }
    }

    void step() {
      if (random.nextInt(20) < writesInTwenty) {
        write();
      }
      switch (random.nextInt(8)) {
        case 0 -> scan();
        case 1 -> apply();
        case 2 -> beginRound();
        case 3, 4 -> next();
        case 5, 6 -> copySome();
        default -> endRead();
      }
    }

    private void write() {
      // the first few pages are written more often than the others
      final int page =
          random.nextBoolean() ? random.nextInt(pageCount) : random.nextInt(pageCount) / 16;
      version[page]++;
      tracked.set(page);
    }

    /** The source tracks anew, and only then answers; the answer is under way for a while. */
    private void scan() {
      final PageBits answer = PageBits.allocate(pageCount);
      tracked.stream().forEach(answer::set);
      tracked.clear();
      answers.add(answer);
    }

    private void apply() {
      final PageBits answer = answers.poll();
      if (answer == null) {
        return;
      }
      plan.onScan(answer);
      for (int page = 0; page < pageCount; page++) {
        heat[page] >>>= 1;
        if (answer.get(page)) {
          heat[page] |= 0x80;
          known.set(page);
          round.clear(page);
          if (inFlight.get(page)) {
            tainted.set(page);
          }
          invalidate(page);
        }
      }
    }

    private void invalidate(final int page) {
      if (received.get(page)) {
        received.clear(page);
        invalidated += sizeOf(page);
      }
    }

    private void beginRound() {
      final long length = plan.beginRound();
      for (int page = 0; page < pageCount; page++) {
        round.set(
            page, known.get(page) && !received.get(page) && !inFlight.get(page) && !isHot(page));
      }
      assertEquals(bytes(round::get), length);
    }

    private void next() {
      final long longest = 1 + random.nextInt(16 * (int) SMALL);
      if (!plan.next(run, longest)) {
        assertTrue(round.isEmpty(), "pages of the round are left: " + round);
        return;
      }
      final int first = (int) run.firstPage();
      final int count = (int) run.pageCount();
      final int region = space.regionOf(first);
      assertTrue(first + count <= space.endPage(region), "the run leaves its region");
      assertTrue(
          count == 1 || count * space.pageSizeBytes(region) <= longest, "the run is too long");
      assertTrue(round.nextClearBit(first) >= first + count, "a page is not of the round");
      round.clear(first, first + count);
      inFlight.set(first, first + count);
      reads.add(new Read(first, count, new BitSet()));
    }

    private void copySome() {
      if (!reads.isEmpty()) {
        final Read some = reads.get(random.nextInt(reads.size()));
        copyPage(some, some.first() + random.nextInt(some.count()));
      }
    }

    private void copyPage(final Read from, final int page) {
      if (!from.copied().get(page)) {
        from.copied().set(page);
        copy[page] = version[page];
      }
    }

    private void endRead() {
      if (reads.isEmpty()) {
        return;
      }
      final Read ended = reads.remove(random.nextInt(reads.size()));
      final int end = ended.first() + ended.count();
      final boolean lost = random.nextInt(10) == 0;
      if (lost) {
        plan.onLost(ended.first(), ended.count());
      } else {
        for (int page = ended.first(); page < end; page++) {
          copyPage(ended, page);
          read += sizeOf(page);
          wasted += tainted.get(page) ? sizeOf(page) : 0;
          received.set(page, !tainted.get(page));
        }
        plan.onRead(ended.first(), ended.count());
      }
      inFlight.clear(ended.first(), end);
      tainted.clear(ended.first(), end);
    }

    /** Reads end, answers arrive, the guest stops, and a last scan tells the rest. */
    void switchOver() {
      while (!reads.isEmpty()) {
        endRead();
        write();
      }
      while (!answers.isEmpty()) {
        apply();
      }
      final PageBits unclean = PageBits.allocate(pageCount);
      tracked.stream().forEach(unclean::set);
      plan.onLastScan(unclean);
      tracked.stream().forEach(this::invalidate);
      known.or(tracked);
      round.clear();
    }

    void requireFigures() {
      assertEquals(bytes(received::get), plan.validBytes());
      assertEquals(bytes(page -> known.get(page) && !received.get(page)), plan.missingBytes());
      assertEquals(
          bytes(page -> known.get(page) && !received.get(page) && isHot(page)), plan.hotBytes());
      assertEquals(bytes(round::get), plan.roundBytesLeft());
      assertEquals(read, plan.readBytes());
      assertEquals(wasted, plan.wastedBytes());
      assertEquals(invalidated, plan.invalidatedBytes());
      for (int page = 0; page < pageCount; page++) {
        assertEquals(received.get(page), map.isReceived(page));
        assertEquals(received.get(page) || inFlight.get(page), map.isClaimed(page));
      }
    }

    void requireContent() {
      for (int page = 0; page < pageCount; page++) {
        if (map.isReceived(page)) {
          assertEquals(version[page], copy[page], "page " + page + " is an old copy");
        } else {
          assertEquals(version[page] > 0, known.get(page), "page " + page + " would be lost");
        }
      }
    }

    private boolean isHot(final int page) {
      return Integer.bitCount(heat[page]) > WarmupPlan.MAX_WRITTEN_SCANS;
    }

    private long sizeOf(final int page) {
      return space.pageSizeBytes(space.regionOf(page));
    }

    private long bytes(final IntPredicate set) {
      long bytes = 0;
      for (int page = 0; page < pageCount; page++) {
        bytes += set.test(page) ? sizeOf(page) : 0;
      }
      return bytes;
    }
  }
}
