package io.farpage.prefetch;

/**
 * What to read while the guest still runs on the source, and what of it is worth keeping.
 *
 * <p>Pages are read in rounds, the coldest first, each at most once a round. The source tracks what
 * its guest writes and answers scans with the pages written since the scan before; a page that is
 * received and then written is missing again. A page that is <em>in flight</em> (claimed, not yet
 * received) when a scan that names it is applied may have been read before the write: it is
 * tainted, and missing again when its read ends. That is enough, because the source tracks a page
 * anew before it answers: a read that begins after the answer was applied sees every write that the
 * answer tells of, and later ones are told by the next.
 *
 * <p>Pages that the guest writes in scan after scan are not read at all: a copy would be out of
 * date before it is of use (Svärd et al., CloudCom 2011; see {@link PageHeat}). They are left for
 * after the switchover.
 *
 * <p>One thread reads pages, another applies scans, hence the lock; the guest is not waiting for
 * either. Nobody else claims pages until the guest runs here. Figures are in bytes, since regions
 * differ in their page size.
 */
public final class WarmupPlan {
  /**
   * A page is worth reading when it was found written in at most so many of the last eight scans:
   * once when it got its content and once by chance.
   */
  public static final int MAX_WRITTEN_SCANS = 2;

  // each class takes what is colder than its end: a page that cools down once its class has been
  // swept is met in the next, and the last one leaves nothing
  private static final int[] CLASS_ENDS = {1, 32, 128, 256};

  private final PageSpace space;
  private final PageMap map;
  private final PageOrigins origins;
  private final PageHeat heat;
  private final PageBits data;
  private final PageBits received;
  private final PageBits claimed;
  private final PageBits tainted;
  private final PageBits round;
  private final PageBits givenBack;

  // computed from these and the heat
  private final PageWords inRound;
  private final PageWords inClass = this::classWord;
  private final PageWords inFlight;
  private final PageWords valid;
  private final PageWords missing;
  private final PageWords known;
  private final PageWords hot = this::hotWord;

  private int heatClass = CLASS_ENDS.length;
  private long cursor;
  private long roundBytesLeft;
  private long budgetBytes = Long.MAX_VALUE;
  private boolean ended;
  private long readBytes;
  private long wastedBytes;
  private long invalidatedBytes;

  /**
   * Creates a plan without a round.
   *
   * @param map of pages of which none is in flight
   * @param origins knows the data of the source, or is told of it later
   */
  public WarmupPlan(
      final PageSpace space, final PageMap map, final PageOrigins origins, final PageHeat heat) {
    this.space = space;
    this.map = map;
    this.origins = origins;
    this.heat = heat;
    data = origins.data();
    received = map.receivedBits();
    claimed = map.claimedBits();
    tainted = PageBits.allocate(space.pageCount());
    round = PageBits.allocate(space.pageCount());
    givenBack = PageBits.allocate(space.pageCount());
    inRound = round::word;
    inFlight = w -> claimed.word(w) & ~received.word(w);
    valid = w -> data.word(w) & received.word(w);
    known = data::word;
    missing = w -> data.word(w) & ~received.word(w);
  }

  /** Notes data of the source that is to be read; not kept. */
  public synchronized void noteData(final PageBits pages) {
    origins.noteData(pages);
  }

  /**
   * Hears, after the guest has stopped and before {@link #onLastScan}, of pages that it has given
   * back since they were read: what is here is not theirs, and they may be holes by now.
   */
  public synchronized void onGivenBack(final long firstPage, final long count) {
    if (!ended) {
      invalidate(firstPage, count);
      givenBack.setRange(firstPage, count);
      origins.doubt(firstPage, count);
    }
  }

  /**
   * Makes all pages missing again, received or in flight: what was read is not certain to be the
   * guest's memory. After {@link #onLastScan} nothing happens.
   */
  public synchronized void invalidateAll() {
    if (!ended) {
      invalidate(0, space.pageCount());
    }
  }

  private void invalidate(final long firstPage, final long count) {
    for (long page = firstPage; page < firstPage + count; page++) {
      if (received.get(page)) {
        invalidateWord(page >> 6, 1L << page);
      } else if (claimed.get(page)) {
        tainted.set(page);
      }
    }
  }

  /**
   * Applies the answer to a scan.
   *
   * @param written the pages written since the scan before; not kept
   */
  public synchronized void onScan(final PageBits written) {
    heat.onScan(written);
    origins.noteData(written);
    for (long w = 0, n = written.wordCount(); w < n; w++) {
      final long pages = written.word(w);
      if (pages != 0) {
        final long stale = pages & received.word(w);
        tainted.getAndOr(w, pages & claimed.word(w) & ~stale);
        invalidateWord(w, stale);
        // they wait for a later round: who has just written a page is likely to go on
        leaveRound(w, pages);
      }
    }
  }

  /**
   * Begins a round: all data known by now that is neither here nor in flight, and not hot.
   *
   * @return its length in bytes
   */
  public synchronized long beginRound() {
    for (long w = 0, n = round.wordCount(); w < n; w++) {
      final long free = data.word(w) & ~claimed.word(w);
      round.setWord(w, free == 0 ? 0 : free & ~heat.writtenMoreThan(w, MAX_WRITTEN_SCANS));
    }
    heatClass = 0;
    cursor = 0;
    roundBytesLeft = inRound.bytes(space);
    return roundBytesLeft;
  }

  /**
   * Claims the next pages of the round, the coldest first; each class of heat in the order of
   * addresses.
   *
   * @param run receives consecutive pages of one region, claimed for the caller, who reads them and
   *     then calls {@link #onRead} or {@link #onLost}
   * @param maxLengthBytes the longest run wanted; one page is always allowed
   * @return false when the round has nothing left to read, or the budget is spent
   */
  public synchronized boolean next(final PageRun run, final long maxLengthBytes) {
    if (readBytes >= budgetBytes) {
      return false;
    }
    while (heatClass < CLASS_ENDS.length) {
      final long first = inClass.next(cursor, space.pageCount());
      if (first < 0) {
        heatClass++;
        cursor = 0;
        continue;
      }
      final int region = space.regionOf(first);
      final long limit =
          Math.min(space.endPage(region), first + space.pagesIn(region, maxLengthBytes));
      final long count = map.claimRun(first, inClass.runEnd(first, limit));
      cursor = first + Math.max(1, count);
      round.clearRange(first, cursor - first);
      roundBytesLeft -= (cursor - first) * space.pageSizeBytes(region);
      if (count > 0) {
        run.set(first, count);
        return true;
      }
    }
    return false;
  }

  /** Sets how much may be read in all rounds, but for what is in flight when so much has come. */
  public synchronized void budget(final long bytes) {
    budgetBytes = bytes;
  }

  /** Hears that pages from {@link #next} were read: they are received, unless they are tainted. */
  public synchronized void onRead(final long firstPage, final long count) {
    requireInFlight(firstPage, count);
    readBytes += bytesOf(firstPage, count);
    final long end = firstPage + count;
    for (long page = firstPage; page < end; ) {
      final long nextTainted = tainted.nextSet(page, end);
      final long goodEnd = nextTainted < 0 ? end : nextTainted;
      map.markReceived(page, goodEnd - page);
      final long badEnd = tainted.nextClear(goodEnd, end);
      tainted.clearRange(goodEnd, badEnd - goodEnd);
      map.release(goodEnd, badEnd - goodEnd);
      wastedBytes += bytesOf(goodEnd, badEnd - goodEnd);
      page = badEnd;
    }
  }

  /** Hears that pages from {@link #next} could not be read: they wait for a later round. */
  public synchronized void onLost(final long firstPage, final long count) {
    requireInFlight(firstPage, count);
    tainted.clearRange(firstPage, count);
    map.release(firstPage, count);
  }

  /**
   * Applies the last answer, after the guest has stopped; ends the round. What is received from
   * then on is what the guest left.
   *
   * @param unclean the pages written since the scan before; not kept
   * @throws IllegalStateException when a page is in flight: nobody could tell what its read saw
   */
  public synchronized void onLastScan(final PageBits unclean) {
    final long page = inFlight.next(0, space.pageCount());
    if (page >= 0) {
      throw new IllegalStateException("page " + page + " is still being read");
    }
    for (long w = 0, n = unclean.wordCount(); w < n; w++) {
      final long pages = unclean.word(w);
      if (pages != 0) {
        origins.noteWord(w, pages & ~givenBack.word(w));
        invalidateWord(w, pages & received.word(w));
      }
    }
    round.clear();
    roundBytesLeft = 0;
    heatClass = CLASS_ENDS.length;
    ended = true;
  }

  /** Returns the known data that is here, and not written since as far as scans have told. */
  public synchronized long validBytes() {
    return valid.bytes(space);
  }

  /** Returns the known data, here or not. */
  public synchronized long dataBytes() {
    return known.bytes(space);
  }

  /** Returns the known data that is not here, in flight or not. */
  public synchronized long missingBytes() {
    return missing.bytes(space);
  }

  /**
   * Returns the part of {@link #missingBytes()} that no round takes now: it is written too often.
   */
  public synchronized long hotBytes() {
    return hot.bytes(space);
  }

  /** Returns what has been read, of use or not. */
  public synchronized long readBytes() {
    return readBytes;
  }

  /** Returns the part of {@link #readBytes()} that was tainted, and never received. */
  public synchronized long wastedBytes() {
    return wastedBytes;
  }

  /** Returns the part of {@link #readBytes()} that was received, and written by the guest later. */
  public synchronized long invalidatedBytes() {
    return invalidatedBytes;
  }

  /** Returns what the round has yet to claim. */
  public synchronized long roundBytesLeft() {
    return roundBytesLeft;
  }

  private void invalidateWord(final long wordNumber, final long pages) {
    if (pages != 0) {
      map.invalidateWord(wordNumber, pages);
      invalidatedBytes += bytesIn(wordNumber, pages);
    }
  }

  private void leaveRound(final long wordNumber, final long pages) {
    final long leaving = pages & round.word(wordNumber);
    round.getAndClear(wordNumber, leaving);
    roundBytesLeft -= bytesIn(wordNumber, leaving);
  }

  private long classWord(final long wordNumber) {
    final long pages = round.word(wordNumber);
    return pages == 0 ? 0 : pages & ~heat.atLeast(wordNumber, CLASS_ENDS[heatClass]);
  }

  private long hotWord(final long wordNumber) {
    final long pages = missing.word(wordNumber);
    return pages == 0 ? 0 : pages & heat.writtenMoreThan(wordNumber, MAX_WRITTEN_SCANS);
  }

  private void requireInFlight(final long firstPage, final long count) {
    final long end = firstPage + count;
    if (inFlight.runEnd(firstPage, end) < end) {
      throw new IllegalStateException(
          "page " + inFlight.runEnd(firstPage, end) + " was not being read");
    }
  }

  /** The bytes of some pages of one word. */
  private long bytesIn(final long wordNumber, final long pages) {
    long bytes = 0;
    long rest = pages;
    while (rest != 0) {
      final long first = (wordNumber << 6) + Long.numberOfTrailingZeros(rest);
      final int region = space.regionOf(first);
      final long ofRegion = rest & PageBits.maskFrom(first, space.endPage(region));
      bytes += Long.bitCount(ofRegion) * space.pageSizeBytes(region);
      rest &= ~ofRegion;
    }
    return bytes;
  }

  /** The bytes of consecutive pages of one region. */
  private long bytesOf(final long firstPage, final long count) {
    return count == 0 ? 0 : count * space.pageSizeBytes(space.regionOf(firstPage));
  }
}
