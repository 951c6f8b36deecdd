package io.farpage.migration;

import io.farpage.linux.PagemapScan;
import io.farpage.linux.ProcessPagemap;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import java.io.IOException;
import java.util.BitSet;

/**
 * Finds pages that were registered while the guest ran and are not the guest's any more.
 *
 * <p>A registered page stays pinned for the adapter even when the guest gives it back (balloon,
 * free page reporting) and later gets another one at the same place: a READ would then bring old
 * bytes. But the file system empties every mapping of a page that it takes away, this process's
 * too. So where this process's page table has no entry, the registered page is not to be trusted.
 * That holds because nothing else touches this mapping, and registering maps no page beyond what is
 * registered.
 */
final class RegisteredPages {
  private static final long PAGE_BYTES = 4096;
  private static final long WINDOW_BYTES = 1L << 30;

  private RegisteredPages() {}

  /**
   * Returns the ranges to distrust.
   *
   * @param registered what has been registered
   * @param memory the mapping that it was registered in
   */
  static Extents stale(final Extents registered, final LocalMemory memory) throws IOException {
    return stale(registered, memory, PagemapScan.isSupported());
  }

  static Extents stale(final Extents registered, final LocalMemory memory, final boolean byScan)
      throws IOException {
    final Extents stale = new Extents(registered.regionCount());
    final int self = (int) ProcessHandle.current().pid();
    try (PagemapScan scan = byScan ? PagemapScan.open(self) : null;
        ProcessPagemap pagemap = byScan ? null : ProcessPagemap.open(self)) {
      for (int region = 0; region < registered.regionCount(); region++) {
        for (int i = 0; i < registered.count(region); i++) {
          final long start = registered.offsetBytes(region, i);
          final long end = registered.endBytes(region, i);
          if (byScan) {
            addAbsent(stale, region, start, end - start, memory, scan);
            continue;
          }
          for (long at = start; at < end; at += WINDOW_BYTES) {
            addMissing(stale, region, at, Math.min(WINDOW_BYTES, end - at), memory, pagemap);
          }
        }
      }
    }
    return stale;
  }

  private static void addAbsent(
      final Extents stale,
      final int region,
      final long offset,
      final long length,
      final LocalMemory memory,
      final PagemapScan scan)
      throws IOException {
    final long base = memory.address(region, 0);
    scan.absent(base + offset, length, (from, to) -> stale.add(region, from - base, to - from));
  }

  private static void addMissing(
      final Extents stale,
      final int region,
      final long offset,
      final long length,
      final LocalMemory memory,
      final ProcessPagemap pagemap)
      throws IOException {
    final BitSet there = pagemap.populated(memory.address(region, offset), length, PAGE_BYTES);
    final int pages = (int) (length / PAGE_BYTES);
    int from = there.nextClearBit(0);
    while (from < pages) {
      final int next = there.nextSetBit(from);
      final int to = next < 0 ? pages : Math.min(next, pages);
      stale.add(region, offset + from * PAGE_BYTES, (to - from) * PAGE_BYTES);
      from = there.nextClearBit(to);
    }
  }
}
