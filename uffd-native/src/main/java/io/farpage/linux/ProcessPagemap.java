package io.farpage.linux;

import java.util.BitSet;

/**
 * Which pages of a process's address space are populated, from {@code /proc/PID/pagemap}. One per
 * thread; not thread-safe.
 */
public final class ProcessPagemap implements AutoCloseable {
  private final long pageBytes = Libc.getpagesize();
  private final PagemapEntries entries;

  private ProcessPagemap(PagemapEntries entries) {
    this.entries = entries;
  }

  /**
   * Opens that of a process.
   *
   * @param pid the process
   * @throws LinuxException ENOENT when there is none, EACCES without CAP_SYS_PTRACE
   */
  public static ProcessPagemap open(int pid) throws LinuxException {
    return new ProcessPagemap(PagemapEntries.open(pid));
  }

  /**
   * Whether a page is there: present, or in swap, or just being moved.
   *
   * @param address any address of it, in that process
   */
  public boolean isPopulated(long address) throws LinuxException {
    entries.read(Long.divideUnsigned(address, pageBytes), 1);
    return isPopulatedEntry(0);
  }

  /**
   * Looks at one address in each stride of a range.
   *
   * @param address the first one
   * @param lengthBytes the length of the range
   * @param strideBytes a multiple of the system's page size: hugetlbfs's page size there
   * @return bit <i>n</i> set when the page at {@code address + n * strideBytes} is populated
   */
  public BitSet populated(long address, long lengthBytes, long strideBytes) throws LinuxException {
    if (strideBytes < pageBytes || strideBytes % pageBytes != 0 || lengthBytes < 0) {
      throw new IllegalArgumentException("length " + lengthBytes + ", stride " + strideBytes);
    }
    long strideEntries = strideBytes / pageBytes;
    int count = Math.toIntExact((lengthBytes + strideBytes - 1) / strideBytes);
    long first = Long.divideUnsigned(address, pageBytes);
    int perBatch = (int) Math.max(1, PagemapEntries.CAPACITY / strideEntries);
    BitSet populated = new BitSet(count);
    for (int done = 0; done < count; done += perBatch) {
      int now = Math.min(perBatch, count - done);
      entries.read(first + done * strideEntries, (int) ((now - 1) * strideEntries + 1));
      for (int i = 0; i < now; i++) {
        if (isPopulatedEntry((int) (i * strideEntries))) {
          populated.set(done + i);
        }
      }
    }
    return populated;
  }

  private boolean isPopulatedEntry(int i) {
    return (entries.get(i) & (PagemapEntries.PRESENT | PagemapEntries.SWAPPED)) != 0;
  }

  /** Closes it. */
  @Override
  public void close() {
    entries.close();
  }
}
