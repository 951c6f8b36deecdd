package io.farpage.migration;

import io.farpage.linux.FileChanges;
import io.farpage.linux.RamFile;
import io.farpage.linux.TouchedPages;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.tcp.ServeListener;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages that were sent over TCP while the guest ran, and which of them the guest has given back
 * since.
 *
 * <p>A page is sent from this process's mapping, and so mapped by sending it. When the guest gives
 * it back (balloon, free page reporting), the kernel empties every mapping of it. So a page that
 * was sent and is not mapped is another one by now, whatever the dirty tracking says: giving back
 * is no write.
 */
final class ServedPages implements ServeListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServedPages.class);

  private final PageSpace space;
  private final PageBits served;
  private final TouchedPages[] touched;
  private final FileChanges changes;

  /**
   * Begins to watch.
   *
   * @param files the RAM files whose mappings pages are sent from, open for writing; nothing has
   *     been sent yet
   */
  ServedPages(final PageSpace space, final RamFile[] files) throws IOException {
    this.space = space;
    served = PageBits.allocate(space.pageCount());
    touched = new TouchedPages[files.length];
    changes = watch(files);
    try {
      for (int i = 0; i < files.length; i++) {
        touched[i] = TouchedPages.of(files[i]);
      }
    } catch (final IOException e) {
      close();
      throw e;
    }
  }

  private static FileChanges watch(final RamFile[] files) {
    try {
      return FileChanges.watch(files);
    } catch (final IOException e) {
      LOG.debug("holes are looked for in any case", e);
      return null;
    }
  }

  @Override
  public void onServe(final int region, final long offsetBytes, final int lengthBytes) {
    final long first = space.pageAt(region, offsetBytes);
    final long last = space.pageAt(region, offsetBytes + lengthBytes - 1);
    served.setRange(first, last - first + 1);
  }

  /** Adds the pages that were sent and have been given back since; the guest has stopped. */
  void addGivenBack(final PageBits pages) throws IOException {
    if (changes == null || changes.any()) {
      look(pages);
    }
  }

  /** The same, whether there are holes or not. */
  void look(final PageBits pages) throws IOException {
    for (int i = 0; i < touched.length; i++) {
      final int region = i;
      final long length =
          (space.endPage(region) - space.firstPage(region)) * space.pageSizeBytes(region);
      touched[region].absent(0, length, (from, to) -> addServed(region, from, to, pages));
    }
  }

  private void addServed(final int region, final long from, final long to, final PageBits pages) {
    final long end = space.pageAt(region, to - 1) + 1;
    long page = served.nextSet(space.pageAt(region, from), end);
    while (page >= 0) {
      final long clear = served.nextClear(page, end);
      pages.setRange(page, clear - page);
      page = served.nextSet(clear, end);
    }
  }

  @Override
  public void close() {
    if (changes != null) {
      changes.close();
    }
    for (final TouchedPages each : touched) {
      if (each != null) {
        each.close();
      }
    }
  }
}
