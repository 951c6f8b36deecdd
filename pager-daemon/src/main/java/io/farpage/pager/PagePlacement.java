package io.farpage.pager;

import io.farpage.linux.Errno;
import io.farpage.linux.LinuxException;
import io.farpage.linux.RamFile;
import java.io.IOException;

/**
 * Makes pages visible to the guest, and knows what each answer of userfaultfd means.
 *
 * <table>
 * <caption>Errors of UFFDIO_CONTINUE and UFFDIO_ZEROPAGE on shared memory</caption>
 * <tr><td>EEXIST</td><td>already there: wake who waits, go on with the next page</td></tr>
 * <tr><td>EFAULT</td><td>CONTINUE: the page cache has no page, since the guest gave it back</td></tr>
 * <tr><td>EAGAIN</td><td>the VMM's mappings are changing, or part was done: go on</td></tr>
 * <tr><td>ENOENT</td><td>not registered any more: nothing waits there</td></tr>
 * <tr><td>ESRCH</td><td>the VMM has ended</td></tr>
 * </table>
 *
 * <p>One object for each thread. Allocates only when it throws.
 */
final class PagePlacement {
  private final GuestRegions regions;
  private final StripedPlacer placer;
  private final RamFile[] files;

  PagePlacement(final GuestRegions regions, final StripedPlacer placer, final RamFile[] files) {
    this.regions = regions;
    this.placer = placer;
    this.files = files;
  }

  /** Maps received pages of one region and wakes who waits for them. */
  void place(final int region, final long firstPage, final long pageCount) throws IOException {
    final long pageSize = regions.space().pageSizeBytes(region);
    long address = regions.hostAddress(region, firstPage);
    final long end = address + pageCount * pageSize;
    while (address < end) {
      final long done = placer.continueRange(address, end - address);
      if (done > 0) {
        address += done;
      } else if (done == -Errno.EEXIST) {
        placer.wake(address, pageSize);
        address += pageSize;
      } else if (done == -Errno.EFAULT) {
        // given back between arrival and now: a fault will find a hole and get zeros
        placer.wake(address, pageSize);
        address += pageSize;
      } else if (done == -Errno.ENOENT) {
        return;
      } else if (done != -Errno.EAGAIN) {
        throw failure("UFFDIO_CONTINUE", done);
      }
    }
  }

  /**
   * Maps received pages up to the first that is mapped already, cannot be now, or is of another
   * stripe.
   */
  void placeUntilMapped(final int region, final long firstPage, final long pageCount)
      throws IOException {
    final long length = pageCount * regions.space().pageSizeBytes(region);
    final long done = placer.continueRange(regions.hostAddress(region, firstPage), length);
    if (done == -Errno.ESRCH) {
      throw failure("UFFDIO_CONTINUE", done);
    }
  }

  /**
   * Answers a fault on a page that has arrived before.
   *
   * @return true when the guest had given the page back, and got zeros
   */
  boolean placeAgain(final int region, final long page) throws IOException {
    final long pageSize = regions.space().pageSizeBytes(region);
    final long address = regions.hostAddress(region, page);
    while (true) {
      final long done = placer.continueRange(address, pageSize);
      if (done > 0 || done == -Errno.ENOENT) {
        return false;
      }
      if (done == -Errno.EEXIST) {
        placer.wake(address, pageSize);
        return false;
      }
      if (done == -Errno.EFAULT) {
        placeZeros(region, page);
        return true;
      }
      if (done != -Errno.EAGAIN) {
        throw failure("UFFDIO_CONTINUE", done);
      }
    }
  }

  /** Fills a page with zeros, unless it has content in the page cache, which is then mapped. */
  void placeZeros(final int region, final long page) throws IOException {
    final long pageSize = regions.space().pageSizeBytes(region);
    final long address = regions.hostAddress(region, page);
    if (files[region].isHugetlbfs()) {
      // userfaultfd has no zero page for hugetlbfs: a fresh page of the file is zero too
      final int result =
          files[region].tryAllocate(regions.space().offsetBytes(region, page), pageSize);
      if (result < 0) {
        throw failure("fallocate of a huge page", result);
      }
      place(region, page, 1);
      return;
    }
    while (true) {
      final long done = placer.zeroPage(address, pageSize);
      if (done > 0 || done == -Errno.ENOENT) {
        return;
      }
      if (done == -Errno.EEXIST) {
        place(region, page, 1);
        return;
      }
      if (done != -Errno.EAGAIN) {
        throw failure("UFFDIO_ZEROPAGE", done);
      }
    }
  }

  private static IOException failure(final String what, final long result) {
    return result == -Errno.ESRCH
        ? new VmmGoneException()
        : new LinuxException(what, (int) -result);
  }
}
