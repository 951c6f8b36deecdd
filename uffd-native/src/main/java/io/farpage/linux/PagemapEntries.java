package io.farpage.linux;

import java.nio.ByteBuffer;
import java.util.function.LongPredicate;

/**
 * Reads {@code /proc/PID/pagemap}: 64 bits a page of the system's size, in batches. For one thread.
 */
final class PagemapEntries implements AutoCloseable {
  /** How many entries one batch can have. */
  static final int CAPACITY = 8192;

  /** The page is mapped. */
  static final long PRESENT = 1L << 63;

  /** The page is not mapped, but its entry says something: in swap, being moved, or a marker. */
  static final long SWAPPED = 1L << 62;

  /** The page was written since {@code clear_refs}, or its mapping is younger than that. */
  static final long SOFT_DIRTY = 1L << 55;

  private static final int ENTRY_BYTES = Long.BYTES;

  private final int pid;
  private final NativeBuffer memory = NativeBuffer.allocate((long) CAPACITY * ENTRY_BYTES);
  private final ByteBuffer entries = memory.asByteBuffer();
  private int fd;

  private PagemapEntries(int pid, int fd) {
    this.pid = pid;
    this.fd = fd;
  }

  static PagemapEntries open(int pid) throws LinuxException {
    return new PagemapEntries(pid, openPagemap(pid));
  }

  /** The descriptor of a process's page map, for the caller to close. */
  static int openPagemap(int pid) throws LinuxException {
    String path = "/proc/" + pid + "/pagemap";
    int fd = Libc.open(Libc.cString(path), Abi.O_RDONLY | Abi.O_CLOEXEC, 0);
    if (fd < 0) {
      throw new LinuxException("open " + path, Libc.errno());
    }
    return fd;
  }

  /** The entry at an index of the last batch. */
  long get(int i) {
    return entries.getLong(i * ENTRY_BYTES);
  }

  /**
   * Reads a batch.
   *
   * @param firstPage the first page's address divided by the system's page size
   * @param count at most {@link #CAPACITY}
   */
  void read(long firstPage, int count) throws LinuxException {
    long wantedBytes = (long) count * ENTRY_BYTES;
    long gotBytes = 0;
    while (gotBytes < wantedBytes) {
      long bytes =
          Libc.pread(
              fd,
              memory.address() + gotBytes,
              wantedBytes - gotBytes,
              firstPage * ENTRY_BYTES + gotBytes);
      if (bytes <= 0) {
        // 0: the address space is gone.
        int errno = bytes == 0 ? Errno.ESRCH : Libc.errno();
        throw new LinuxException("pagemap of process " + pid, errno);
      }
      gotBytes += bytes;
    }
  }

  /**
   * Reports the ranges of pages whose entries are as wanted.
   *
   * @param address a multiple of the system's page size
   * @param lengthBytes a multiple of the system's page size
   */
  void matching(long address, long lengthBytes, LongPredicate wanted, RangeListener listener)
      throws LinuxException {
    long pageBytes = Libc.getpagesize();
    long end = Long.divideUnsigned(address + lengthBytes, pageBytes);
    long start = -1;
    for (long page = Long.divideUnsigned(address, pageBytes); page < end; page += CAPACITY) {
      int count = (int) Math.min(CAPACITY, end - page);
      read(page, count);
      for (int i = 0; i < count; i++) {
        boolean matches = wanted.test(get(i));
        if (matches && start < 0) {
          start = page + i;
        } else if (!matches && start >= 0) {
          listener.range(start * pageBytes, (page + i) * pageBytes);
          start = -1;
        }
      }
    }
    if (start >= 0) {
      listener.range(start * pageBytes, end * pageBytes);
    }
  }

  @Override
  public void close() {
    if (fd >= 0) {
      Libc.close(fd);
      fd = -1;
      memory.close();
    }
  }
}
