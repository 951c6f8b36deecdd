package io.farpage.linux;

import java.nio.ByteBuffer;

/**
 * The PAGEMAP_SCAN ioctl (Linux 6.7): which pages of a process are mapped, and which were written.
 *
 * <p>A page counts as written unless it is write-protected by a userfaultfd. One per thread; not
 * thread-safe. Addresses and lengths are in that process's address space and multiples of the page
 * size there. Scans allocate nothing. A process that is gone has no pages; newer kernels say ESRCH.
 */
public final class PagemapScan implements AutoCloseable {
  private static final int REGIONS = 4096;

  /**
   * What is protected with one call. The kernel tells KVM that the whole rest of a scan's range
   * changes, and KVM drops its mappings of all of it: so only what lies near a written page may be
   * in the range.
   */
  private static final long BLOCK_BYTES = 4 << 20;

  private static final int ANY_ENTRY = Abi.PAGE_IS_PRESENT | Abi.PAGE_IS_SWAPPED;

  private final int pid;
  private final NativeBuffer memory;
  private final Call walk;
  private final Call protect;
  private int fd;

  private PagemapScan(int pid, int fd) {
    this.pid = pid;
    this.fd = fd;
    this.memory = NativeBuffer.allocate(2L * Call.sizeBytes());
    this.walk = new Call(0);
    this.protect = new Call(Call.sizeBytes());
  }

  /** The argument of one ioctl and the ranges that it returns. */
  private final class Call {
    private final long argumentAddress;
    private final ByteBuffer argument;
    private final ByteBuffer regions;
    private long scannedTo;

    Call(int offset) {
      ByteBuffer all = memory.asByteBuffer();
      argumentAddress = memory.address() + offset;
      argument = all.slice(offset, Abi.PM_SCAN_ARG_SIZE).order(all.order());
      regions =
          all.slice(offset + Abi.PM_SCAN_ARG_SIZE, REGIONS * Abi.PAGE_REGION_SIZE)
              .order(all.order());
      argument.putLong(0, Abi.PM_SCAN_ARG_SIZE);
      argument.putLong(Abi.PM_SCAN_ARG_VEC, argumentAddress + Abi.PM_SCAN_ARG_SIZE);
      argument.putLong(Abi.PM_SCAN_ARG_VEC_LEN, REGIONS);
      argument.putLong(Abi.PM_SCAN_ARG_MAX_PAGES, 0);
    }

    static int sizeBytes() {
      return Abi.PM_SCAN_ARG_SIZE + REGIONS * Abi.PAGE_REGION_SIZE;
    }

    /**
     * Which pages: all of {@code mask}, at least one of {@code anyOf}; {@code inverted} negates.
     */
    void select(long flags, long inverted, long mask, long anyOf) {
      argument.putLong(Abi.PM_SCAN_ARG_FLAGS, flags);
      argument.putLong(Abi.PM_SCAN_ARG_CATEGORY_INVERTED, inverted);
      argument.putLong(Abi.PM_SCAN_ARG_CATEGORY_MASK, mask);
      argument.putLong(Abi.PM_SCAN_ARG_CATEGORY_ANYOF_MASK, anyOf);
      // the same for every page that is selected, so that neighbours are joined
      returning(Abi.PAGE_IS_WPALLOWED);
    }

    /** What is told of the pages that are selected. */
    void returning(long mask) {
      argument.putLong(Abi.PM_SCAN_ARG_RETURN_MASK, mask);
    }

    /** Scans from start, at most to end; returns the number of ranges. */
    int scan(long start, long end) throws LinuxException {
      argument.putLong(Abi.PM_SCAN_ARG_START, start);
      argument.putLong(Abi.PM_SCAN_ARG_END, end);
      argument.putLong(Abi.PM_SCAN_ARG_WALK_END, 0);
      int found = Libc.ioctl(fd, Abi.PAGEMAP_SCAN, argumentAddress);
      if (found < 0) {
        // Not even EINTR is tried again: it comes with a fatal signal only, and a call that failed
        // may have protected pages without naming them.
        throw failure(start, end, Libc.errno());
      }
      if (argument.getLong(Abi.PM_SCAN_ARG_WALK_END) <= start) {
        // it did not get past the first page: it cannot protect that one
        throw failure(start, end, Errno.EOPNOTSUPP);
      }
      // Else the kernel's word on how far it came is not to be had: after more than 512 ranges it
      // is where the last 512 of them began, and those would come twice.
      scannedTo = found < REGIONS ? end : end(found - 1);
      return found;
    }

    long scannedTo() {
      return scannedTo;
    }

    long categories(int i) {
      return regions.getLong(i * Abi.PAGE_REGION_SIZE + Abi.PAGE_REGION_CATEGORIES);
    }

    long start(int i) {
      return regions.getLong(i * Abi.PAGE_REGION_SIZE + Abi.PAGE_REGION_START);
    }

    long end(int i) {
      return regions.getLong(i * Abi.PAGE_REGION_SIZE + Abi.PAGE_REGION_END);
    }

    void report(long from, long to, RangeListener listener) throws LinuxException {
      for (long at = from; at < to; at = scannedTo()) {
        int found = scan(at, to);
        for (int i = 0; i < found; i++) {
          listener.range(start(i), end(i));
        }
      }
    }
  }

  /**
   * Opens the page map of a process.
   *
   * @throws LinuxException ENOENT when there is no such process, EACCES without CAP_SYS_PTRACE
   */
  public static PagemapScan open(int pid) throws LinuxException {
    return new PagemapScan(pid, PagemapEntries.openPagemap(pid));
  }

  /** Whether this kernel can; tried on memory of this process. */
  public static boolean isSupported() {
    try (NativeBuffer page = NativeBuffer.allocate(Libc.getpagesize());
        PagemapScan scan = open((int) ProcessHandle.current().pid())) {
      page.asByteBuffer().put(0, (byte) 1);
      boolean[] found = new boolean[1];
      scan.absent(page.address(), Libc.getpagesize(), (start, end) -> found[0] = true);
      return !found[0];
    } catch (LinuxException e) {
      return false;
    }
  }

  /**
   * Reports the pages that were written since they were last protected, and protects them again:
   * both at one instant for each page. Pages that have no entry in the page table are passed over,
   * holes among them; a page that was never protected counts as written as soon as it is mapped.
   *
   * <p>When it fails, pages may be protected that were not reported: then every page must be taken
   * for written.
   *
   * @throws LinuxException EPERM when a part of the range is not registered with {@link
   *     UffdConstants#MODE_WP} at a userfaultfd with {@link UffdFeature#WP_ASYNC}; EOPNOTSUPP for
   *     pages of 1 GiB, which the kernel does not protect here
   */
  public void takeWritten(long address, long lengthBytes, RangeListener listener)
      throws LinuxException {
    walk.select(Abi.PM_SCAN_CHECK_WPASYNC, 0, Abi.PAGE_IS_WRITTEN, ANY_ENTRY);
    // With anyof the kernel does not take its short cut, which counts holes as written.
    protect.select(
        Abi.PM_SCAN_WP_MATCHING | Abi.PM_SCAN_CHECK_WPASYNC, 0, Abi.PAGE_IS_WRITTEN, ANY_ENTRY);
    long to = address + lengthBytes;
    for (long at = address; at < to; at = walk.scannedTo()) {
      int found = walk.scan(at, to);
      long blockStart = 0;
      long blockEnd = 0;
      for (int i = 0; i < found; i++) {
        for (long start = walk.start(i), end = walk.end(i); start < end; ) {
          long part = Math.min(end, (start / BLOCK_BYTES + 1) * BLOCK_BYTES);
          if (blockEnd > 0 && start / BLOCK_BYTES == blockStart / BLOCK_BYTES) {
            blockEnd = part;
          } else {
            protect.report(blockStart, blockEnd, listener);
            blockStart = start;
            blockEnd = part;
          }
          start = part;
        }
      }
      protect.report(blockStart, blockEnd, listener);
    }
  }

  /**
   * Reports the pages that are not certainly unwritten since they were last protected: those that
   * were written, and those that have no entry in the page table. The others are mapped and still
   * protected, or their entries remember the protection: pages that were reclaimed or punched
   * meanwhile, or never mapped.
   *
   * <p>Takes time in proportion to what it reports rather than to the range: the kernel passes over
   * an entry that does not match in a nanosecond.
   *
   * @throws LinuxException EPERM as for {@link #takeWritten}
   */
  public void doubtful(long address, long lengthBytes, RangeListener listener)
      throws LinuxException {
    // not mapped, or written
    walk.select(
        Abi.PM_SCAN_CHECK_WPASYNC,
        Abi.PAGE_IS_PRESENT,
        0,
        Abi.PAGE_IS_PRESENT | Abi.PAGE_IS_WRITTEN);
    walk.returning(Abi.PAGE_IS_WPALLOWED | Abi.PAGE_IS_WRITTEN | Abi.PAGE_IS_SWAPPED);
    long to = address + lengthBytes;
    for (long at = address; at < to; at = walk.scannedTo()) {
      int found = walk.scan(at, to);
      for (int i = 0; i < found; i++) {
        long remembered = walk.categories(i) & (Abi.PAGE_IS_SWAPPED | Abi.PAGE_IS_WRITTEN);
        if (remembered != Abi.PAGE_IS_SWAPPED) {
          listener.range(walk.start(i), walk.end(i));
        }
      }
    }
  }

  /**
   * Reports the pages that are not mapped.
   *
   * @throws LinuxException ENOTTY before Linux 6.7
   */
  public void absent(long address, long lengthBytes, RangeListener listener) throws LinuxException {
    walk.select(0, Abi.PAGE_IS_PRESENT, Abi.PAGE_IS_PRESENT, 0);
    walk.report(address, address + lengthBytes, listener);
  }

  private LinuxException failure(long start, long end, int errno) {
    String what = "PAGEMAP_SCAN of process " + pid + " at " + Userfaultfd.range(start, end - start);
    return errno == Errno.EOPNOTSUPP
        ? new LinuxException(what, errno, "The kernel does not protect pages of 1 GiB in a scan.")
        : new LinuxException(what, errno);
  }

  /** Closes it. */
  @Override
  public void close() {
    if (fd >= 0) {
      Libc.close(fd);
      fd = -1;
      memory.close();
    }
  }
}
