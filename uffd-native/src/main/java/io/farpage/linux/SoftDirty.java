package io.farpage.linux;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/**
 * The soft-dirty bits of a process: which of its pages were written since all of them were cleared.
 *
 * <p>The kernel must have CONFIG_MEM_SOFT_DIRTY. There is one set of bits a process, so whoever
 * else clears them (CRIU, for example) takes them away from here; and hugetlbfs has none. The bit
 * is part of a page table entry and goes with it: a page of a file that was written, then reclaimed
 * or punched, and then read again looks unwritten. Where that matters, compare with {@link
 * TouchedPages}: the page leaves every mapping at once.
 *
 * <p>One per thread; not thread-safe.
 */
public final class SoftDirty implements AutoCloseable {
  private static final byte[] CLEAR = {'4'};

  private final int pid;
  private final PagemapEntries entries;
  private int clearRefs;

  private SoftDirty(int pid, PagemapEntries entries, int clearRefs) {
    this.pid = pid;
    this.entries = entries;
    this.clearRefs = clearRefs;
  }

  /**
   * Opens those of a process; clears nothing.
   *
   * @throws LinuxException ENOENT when there is no such process, EACCES without CAP_SYS_PTRACE or
   *     as another user
   */
  public static SoftDirty open(int pid) throws LinuxException {
    PagemapEntries entries = PagemapEntries.open(pid);
    String path = "/proc/" + pid + "/clear_refs";
    int clearRefs = Libc.open(Libc.cString(path), Abi.O_WRONLY | Abi.O_CLOEXEC, 0);
    if (clearRefs < 0) {
      int errno = Libc.errno();
      entries.close();
      throw new LinuxException("open " + path, errno);
    }
    return new SoftDirty(pid, entries, clearRefs);
  }

  /**
   * Whether this kernel has them and they work; tried on shared memory of this process, whose own
   * bits it clears where there are any.
   */
  public static boolean isSupported() {
    long pageBytes = Libc.getpagesize();
    try (RamFile file = RamFile.adopt(MemFd.create("farpage-soft-dirty", pageBytes), true);
        SoftDirty bits = open((int) ProcessHandle.current().pid())) {
      long address = file.map();
      ByteBuffer page = new Pointer(address).getByteBuffer(0, pageBytes);
      page.put(0, (byte) 1);
      // A fresh mapping is dirty as a whole; without the option nothing ever is, and nothing is
      // cleared here.
      if (!bits.isDirty(address)) {
        return false;
      }
      bits.clear();
      if (bits.isDirty(address)) {
        return false;
      }
      page.put(0, (byte) 2);
      return bits.isDirty(address);
    } catch (LinuxException e) {
      return false;
    }
  }

  /** Whether a page's bit is set; of a page that is not there, its mapping's. */
  private boolean isDirty(long address) throws LinuxException {
    entries.read(Long.divideUnsigned(address, Libc.getpagesize()), 1);
    return (entries.get(0) & PagemapEntries.SOFT_DIRTY) != 0;
  }

  /**
   * Clears all bits of the process. A write is either before this and then seen by whoever reads
   * the memory after it, or sets the bit.
   *
   * @throws LinuxException ESRCH when the process is gone
   */
  public void clear() throws LinuxException {
    try (NativeBuffer text = NativeBuffer.allocate(CLEAR.length)) {
      text.asByteBuffer().put(CLEAR);
      long written;
      do {
        written = Libc.write(clearRefs, text.address(), CLEAR.length);
      } while (written < 0 && Libc.errno() == Errno.EINTR);
      if (written != CLEAR.length) {
        throw new LinuxException(
            "clear_refs of process " + pid, written < 0 ? Libc.errno() : Errno.EIO);
      }
    }
  }

  /**
   * Reports the pages that are mapped and whose bit is clear. What is not mapped is doubtful and
   * not reported.
   */
  public void unwritten(long address, long lengthBytes, RangeListener listener)
      throws LinuxException {
    entries.matching(address, lengthBytes, SoftDirty::isUnwritten, listener);
  }

  /**
   * Reports the pages that are mapped and whose bit is set, and those that are in swap or just
   * being moved. What has no entry is passed over, holes among them.
   */
  public void written(long address, long lengthBytes, RangeListener listener)
      throws LinuxException {
    entries.matching(address, lengthBytes, SoftDirty::isWritten, listener);
  }

  private static boolean isUnwritten(long entry) {
    return (entry & (PagemapEntries.PRESENT | PagemapEntries.SOFT_DIRTY)) == PagemapEntries.PRESENT;
  }

  private static boolean isWritten(long entry) {
    return (entry & PagemapEntries.SWAPPED) != 0
        || (entry & PagemapEntries.PRESENT) != 0 && (entry & PagemapEntries.SOFT_DIRTY) != 0;
  }

  /** Closes it; the bits stay as they are. */
  @Override
  public void close() {
    if (clearRefs >= 0) {
      Libc.close(clearRefs);
      clearRefs = -1;
      entries.close();
    }
  }
}
