package io.farpage.linux;

import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Which pages of a process's address space are populated, from {@code /proc/PID/pagemap}. One per
 * thread; not thread-safe.
 */
public final class ProcessPagemap implements AutoCloseable {
  private static final int ENTRY_BYTES = Long.BYTES;
  private static final int BATCH_ENTRIES = 8192;
  private static final long PRESENT = 1L << 63;
  private static final long SWAPPED = 1L << 62;

  private final int pid;
  private final long pageBytes = Libc.getpagesize();
  private final NativeBuffer memory = NativeBuffer.allocate((long) BATCH_ENTRIES * ENTRY_BYTES);
  private final ByteBuffer entries = memory.asByteBuffer();
  private int fd;

  private ProcessPagemap(int pid, int fd) {
    this.pid = pid;
    this.fd = fd;
  }

  /**
   * Opens that of a process.
   *
   * @param pid the process
   * @throws LinuxException ENOENT when there is none, EACCES without CAP_SYS_PTRACE
   */
  public static ProcessPagemap open(int pid) throws LinuxException {
    String path = "/proc/" + pid + "/pagemap";
    int fd = Libc.open(Libc.cString(path), Abi.O_RDONLY | Abi.O_CLOEXEC, 0);
    if (fd < 0) {
      throw new LinuxException("open " + path, Libc.errno());
    }
    return new ProcessPagemap(pid, fd);
  }

  /**
   * Whether a page is there: present, or in swap, or just being moved.
   *
   * @param address any address of it, in that process
   */
  public boolean isPopulated(long address) throws LinuxException {
    read(Long.divideUnsigned(address, pageBytes), 1);
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
    int perBatch = (int) Math.max(1, BATCH_ENTRIES / strideEntries);
    BitSet populated = new BitSet(count);
    for (int done = 0; done < count; done += perBatch) {
      int now = Math.min(perBatch, count - done);
      read(first + done * strideEntries, (int) ((now - 1) * strideEntries + 1));
      for (int i = 0; i < now; i++) {
        if (isPopulatedEntry((int) (i * strideEntries))) {
          populated.set(done + i);
        }
      }
    }
    return populated;
  }

  private boolean isPopulatedEntry(int i) {
    return (entries.getLong(i * ENTRY_BYTES) & (PRESENT | SWAPPED)) != 0;
  }

  private void read(long firstPage, int count) throws LinuxException {
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
