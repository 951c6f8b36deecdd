package io.farpage.pager;

import io.farpage.linux.PagePlacer;
import io.farpage.linux.Userfaultfd;
import java.util.List;

/**
 * Answers faults, each with the userfaultfd that its range is registered with.
 *
 * <p>The kernel maps a page for any userfaultfd of that address space, but wakes only those who
 * wait at the one that is asked, and refuses a range that crosses a border (ENOENT). The arguments
 * and results are those of {@link PagePlacer}. One object for each thread; allocates nothing after
 * construction.
 */
public final class StripedPlacer implements AutoCloseable {
  private final FaultStripes stripes;
  private final PagePlacer[] placers;

  /**
   * Creates a placer for the calling thread.
   *
   * @param userfaultfds one for each shard
   */
  public StripedPlacer(final FaultStripes stripes, final List<Userfaultfd> userfaultfds) {
    this.stripes = stripes;
    placers = userfaultfds.stream().map(Userfaultfd::placer).toArray(PagePlacer[]::new);
  }

  /** As {@link PagePlacer#continueRange}; does no more than the first stripe of the range. */
  long continueRange(final long address, final long lengthBytes) {
    return placers[stripes.shardAt(address)].continueRange(
        address, stripes.clip(address, lengthBytes));
  }

  /** As {@link PagePlacer#zeroPage}; does no more than the first stripe of the range. */
  long zeroPage(final long address, final long lengthBytes) {
    return placers[stripes.shardAt(address)].zeroPage(address, stripes.clip(address, lengthBytes));
  }

  /**
   * As {@link PagePlacer#wake}, for the whole range.
   *
   * @return 0, or the negative errno of the first stripe that failed; all are tried
   */
  public int wake(final long address, final long lengthBytes) {
    int result = 0;
    for (long done = 0; done < lengthBytes; ) {
      final long length = stripes.clip(address + done, lengthBytes - done);
      final int woken = placers[stripes.shardAt(address + done)].wake(address + done, length);
      result = result == 0 ? woken : result;
      done += length;
    }
    return result;
  }

  /** Frees the memory of the arguments; the userfaultfds stay open. */
  @Override
  public void close() {
    for (final PagePlacer placer : placers) {
      placer.close();
    }
  }
}
