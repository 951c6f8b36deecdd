package io.farpage.dirty;

import io.farpage.prefetch.PageBits;
import io.farpage.transport.Extents;
import java.io.IOException;

/**
 * Knows which pages a guest has written.
 *
 * <p>{@link #arm}, {@link #collect} any number of times, {@link #collectLast}, {@link #close}; by
 * one thread at a time. A page that the guest gave back (a balloon, free page reporting) is not
 * "written" by that; that its copy is stale has to be found elsewhere, in the file or with {@link
 * io.farpage.linux.TouchedPages}.
 */
public interface DirtyTracker extends AutoCloseable {
  /** Returns the name in reports: {@code wp-async} or {@code soft-dirty}. */
  String name();

  /**
   * Returns whether {@link #collect} begins a new period; if not, what was written once stays
   * written.
   */
  boolean rearms();

  /** Returns the VMM's number of the userfaultfd that keeps the tracking alive, or -1. */
  int vmmUserfaultfd();

  /**
   * Notes writes from here on; the guest goes on running.
   *
   * @param data where the RAM files hold data now
   */
  void arm(Extents data) throws IOException;

  /**
   * Sets the bits of the pages written since {@link #arm} or the last collection, and re-arms them
   * before it returns: a read of such a page that begins after the return sees those writes, or the
   * page will be reported again. A tracker that does not re-arm sets those written since {@link
   * #arm}.
   *
   * <p>When it fails, this and all that was not yet collected is lost: {@link #collectLast} then
   * counts every page as unclean.
   */
  void collect(PageBits written) throws IOException;

  /**
   * With the guest stopped: sets in {@code unclean} the bits of those pages of {@code known} that
   * are not certainly unwritten since they were last collected, or armed. What is doubtful (not in
   * the page table, reclaimed without a trace) counts as unclean.
   */
  void collectLast(PageBits known, PageBits unclean) throws IOException;

  /** Takes the tracking off; the guest may run. Idempotent; a VMM that is gone is no error. */
  @Override
  void close() throws IOException;
}
