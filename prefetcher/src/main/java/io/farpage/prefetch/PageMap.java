package io.farpage.prefetch;

/**
 * What has become of every page: missing, in flight, or received.
 *
 * <p>A page is <em>claimed</em> by exactly one reader before anything is read into it, and
 * <em>received</em> once its content is in place. The claim is never given back for a received page
 * that the guest may have seen: its content belongs to the guest from then on, and a second read
 * would undo the guest's writes. Only while the guest still runs on the source can a received page
 * become missing again. Safe for any number of threads; nothing here locks or allocates.
 */
public final class PageMap {
  private final PageBits received;
  private final PageBits claimed;
  private final PageBits awaited;

  /**
   * Creates the map over bits that outlive this process.
   *
   * @param received the received bits, kept; pages already set count as claimed too
   */
  public PageMap(final PageBits received) {
    this.received = received;
    this.claimed = PageBits.allocate(received.pageCount());
    claimed.setAll(received);
    awaited = PageBits.allocate(received.pageCount());
  }

  /** Returns the number of pages. */
  public long pageCount() {
    return received.pageCount();
  }

  /** Claims a page for one reader; returns false when it is in flight or received already. */
  public boolean claim(final long page) {
    return claimed.set(page);
  }

  /**
   * Claims consecutive pages.
   *
   * @param first the first page
   * @param limit the page to stop before
   * @return how many pages from {@code first} on were claimed, 0 when the first was taken
   */
  public long claimRun(final long first, final long limit) {
    long page = first;
    while (page < limit) {
      final long wordNumber = page >> 6;
      final long old = claimed.word(wordNumber);
      final long free = Long.numberOfTrailingZeros(old >>> page);
      final long end = Math.min(Math.min(page + free, limit), (page | 63) + 1);
      if (end == page) {
        break;
      }
      if (claimed.compareAndSetWord(wordNumber, old, old | PageBits.maskFrom(page, end))) {
        page = end;
        if ((page & 63) != 0) {
          break;
        }
      }
    }
    return page - first;
  }

  /** Gives back the claim on pages that were not received, after a read that failed. */
  public void release(final long first, final long count) {
    for (long page = first; page < first + count; page++) {
      if (!received.get(page)) {
        claimed.clear(page);
      }
    }
  }

  /** Notes that the content of claimed pages is in place. */
  public void markReceived(final long first, final long count) {
    received.setRange(first, count);
  }

  /**
   * Makes a received page missing again, because the source's guest has written to it since.
   *
   * <p>Only before the guest runs here, and before the page is visible to it.
   */
  public void invalidate(final long page) {
    invalidateRange(page, 1);
  }

  /** Makes received, consecutive pages missing again; see {@link #invalidate(long)}. */
  public void invalidateRange(final long first, final long count) {
    // the order matters: a page that can be claimed must not look received
    received.clearRange(first, count);
    claimed.clearRange(first, count);
  }

  /** Makes received pages of one word missing again; see {@link #invalidate(long)}. */
  void invalidateWord(final long wordNumber, final long pages) {
    received.getAndClear(wordNumber, pages);
    claimed.getAndClear(wordNumber, pages);
  }

  /** Returns whether a page's content is in place. */
  public boolean isReceived(final long page) {
    return received.get(page);
  }

  /** Returns the first received page from {@code from} on, before {@code limit}, or -1. */
  public long nextReceived(final long from, final long limit) {
    return received.nextSet(from, limit);
  }

  /** Returns the end (exclusive, at most {@code limit}) of the run of received pages at a page. */
  public long receivedEnd(final long page, final long limit) {
    return received.nextClear(page, limit);
  }

  /** Sets in another set the pages that are received now. */
  public void copyReceived(final PageBits into) {
    into.setAll(received);
  }

  /** Returns whether a page is in flight or received. */
  public boolean isClaimed(final long page) {
    return claimed.get(page);
  }

  /**
   * Notes that the guest waits for a page that another reader has claimed.
   *
   * <p>Called before a look at {@link #isReceived}, as {@link #isAwaited} is after {@link
   * #markReceived}: one of the two sees the other's note, and answers.
   */
  public void await(final long page) {
    awaited.set(page);
  }

  /** Returns whether the guest has waited for a page that was in flight. */
  public boolean isAwaited(final long page) {
    return awaited.get(page);
  }

  /** Returns the number of pages received. */
  public long receivedCount() {
    return received.count();
  }

  PageBits claimedBits() {
    return claimed;
  }

  PageBits receivedBits() {
    return received;
  }
}
