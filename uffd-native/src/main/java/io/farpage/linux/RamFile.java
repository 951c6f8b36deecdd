package io.farpage.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The file that holds a guest's RAM, on tmpfs or hugetlbfs, and this process's mapping of it.
 * Thread-safe, except that {@link #close} must come last.
 */
public final class RamFile implements AutoCloseable {
  private final String name;
  private final boolean writable;
  private final long sizeBytes;
  private final long fileSystemType;
  private final long blockBytes;
  private final long device;
  private final long inode;
  private int fd;
  private long mapping;
  private int mappedProtection;

  private RamFile(String name, int fd, boolean writable) throws LinuxException {
    this.name = name;
    this.fd = fd;
    this.writable = writable;
    try (NativeBuffer memory = NativeBuffer.allocate(Abi.STAT_SIZE)) {
      if (Libc.syscall(Abi.SYS_FSTAT, fd, memory.address(), 0) != 0) {
        throw new LinuxException("fstat " + name, Libc.errno());
      }
      ByteBuffer stat = memory.asByteBuffer();
      this.sizeBytes = stat.getLong(Abi.STAT_LENGTH);
      this.device = stat.getLong(Abi.STAT_DEV);
      this.inode = stat.getLong(Abi.STAT_INO);
    }
    try (NativeBuffer memory = NativeBuffer.allocate(Abi.STATFS_SIZE)) {
      ByteBuffer statfs = statfs(memory);
      this.fileSystemType = statfs.getLong(Abi.STATFS_TYPE);
      this.blockBytes = statfs.getLong(Abi.STATFS_BSIZE);
    }
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @param writable whether for reading and writing
   * @throws LinuxException ENOENT, EACCES...
   */
  public static RamFile open(Path path, boolean writable) throws LinuxException {
    int flags = (writable ? Abi.O_RDWR : Abi.O_RDONLY) | Abi.O_CLOEXEC;
    int fd = Libc.open(Libc.cString(path.toString()), flags, 0);
    if (fd < 0) {
      throw new LinuxException("open " + path, Libc.errno());
    }
    return take(path.toString(), fd, writable);
  }

  /**
   * Takes over an open descriptor.
   *
   * @param fd of a file, a memfd for example; closed by {@link #close}
   * @param writable whether it is open for writing
   */
  public static RamFile adopt(int fd, boolean writable) throws LinuxException {
    return take("descriptor " + fd, fd, writable);
  }

  private static RamFile take(String name, int fd, boolean writable) throws LinuxException {
    try {
      return new RamFile(name, fd, writable);
    } catch (LinuxException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /** The descriptor's number. */
  public int fd() {
    return fd;
  }

  /** Its size when it was opened, in bytes. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** The unit in which it is allocated and mapped: hugetlbfs's page size, else the system's. */
  public long pageSizeBytes() {
    return isHugetlbfs() ? blockBytes : Libc.getpagesize();
  }

  /** Whether it is on hugetlbfs. */
  public boolean isHugetlbfs() {
    return fileSystemType == Abi.HUGETLBFS_MAGIC;
  }

  /** Whether it is on tmpfs (also a memfd). */
  public boolean isTmpfs() {
    return fileSystemType == Abi.TMPFS_MAGIC;
  }

  /**
   * How many bytes can still be allocated on its file system.
   *
   * @return {@link Long#MAX_VALUE} when the file system has no limit of its own and only memory is
   *     one
   */
  public long freeBytes() throws IOException {
    try (NativeBuffer memory = NativeBuffer.allocate(Abi.STATFS_SIZE)) {
      ByteBuffer statfs = statfs(memory);
      if (statfs.getLong(Abi.STATFS_BLOCKS) > 0) {
        return statfs.getLong(Abi.STATFS_BAVAIL) * statfs.getLong(Abi.STATFS_BSIZE);
      }
    }
    if (!isHugetlbfs()) {
      return Long.MAX_VALUE;
    }
    String pool = "/sys/kernel/mm/hugepages/hugepages-" + blockBytes / 1024 + "kB/";
    long free = Long.parseLong(ProcFile.read(pool + "free_hugepages").trim());
    long reserved = Long.parseLong(ProcFile.read(pool + "resv_hugepages").trim());
    return Math.max(0, free - reserved) * blockBytes;
  }

  /** The major number of its device, as in {@code /proc/PID/maps}. */
  public int devMajor() {
    return (int) (device >>> 8 & 0xfff | device >>> 32 & ~0xfffL);
  }

  /** The minor number of its device, as in {@code /proc/PID/maps}. */
  public int devMinor() {
    return (int) (device & 0xff | device >>> 12 & ~0xffL);
  }

  /** Its inode number, as in {@code /proc/PID/maps}. */
  public long inode() {
    return inode;
  }

  /**
   * Maps the whole file, shared; the second time returns the same address. On tmpfs without
   * transparent huge pages, so that touching one page allocates one page; on hugetlbfs with a page
   * table of its own, which says what this mapping alone has touched.
   *
   * @return the address of its first byte, valid until {@link #close}
   * @throws LinuxException EINVAL for an empty file, ENOMEM
   */
  public synchronized long map() throws LinuxException {
    return map(writable ? Abi.PROT_READ | Abi.PROT_WRITE : Abi.PROT_READ);
  }

  /**
   * As {@link #map}, but so that a stray write of this process cannot reach the guest, also when
   * the file is open for writing.
   *
   * @throws IllegalStateException when it is mapped for writing already
   */
  public synchronized long mapReadOnly() throws LinuxException {
    return map(Abi.PROT_READ);
  }

  private long map(int protection) throws LinuxException {
    if (mapping == 0) {
      long address = Libc.mmap(0, sizeBytes, protection, Abi.MAP_SHARED, fd, 0);
      if (address == -1) {
        throw new LinuxException("mmap of " + sizeBytes + " bytes of " + name, Libc.errno());
      }
      mapping = address;
      mappedProtection = protection;
      advise(address);
    }
    if (protection != mappedProtection) {
      // whoever was promised to be able to write would end this process by trying
      throw new IllegalStateException(name + " is mapped with another protection");
    }
    return mapping;
  }

  /** Its mapping, or a new one that is read-only. */
  synchronized long mapped() throws LinuxException {
    return mapping == 0 ? mapReadOnly() : mapping;
  }

  /** Whether it is open for writing. */
  boolean isWritable() {
    return writable;
  }

  private void advise(long address) throws LinuxException {
    // hugetlbfs shares page tables between processes only where mappings have the same flags
    int advice = isHugetlbfs() ? Abi.MADV_RANDOM : Abi.MADV_NOHUGEPAGE;
    if ((isTmpfs() || isHugetlbfs()) && Libc.madvise(address, sizeBytes, advice) != 0) {
      int errno = Libc.errno();
      // EINVAL: a kernel that has no transparent huge pages at all.
      if (errno != Errno.EINVAL) {
        throw new LinuxException("madvise " + advice + " on " + name, errno);
      }
    }
  }

  /**
   * Frees the pages of a range: they read as zeros, and every mapping of them, of any process, is
   * emptied.
   *
   * @param offset in bytes; only whole pages within the range are freed
   * @param lengthBytes &gt; 0
   */
  public void punchHole(long offset, long lengthBytes) throws LinuxException {
    fallocate(Abi.FALLOC_FL_PUNCH_HOLE | Abi.FALLOC_FL_KEEP_SIZE, offset, lengthBytes);
  }

  /**
   * Allocates the pages of a range that are not there yet, as zeros. Until they are touched, {@link
   * #nextData} passes over them.
   *
   * @param offset in bytes
   * @param lengthBytes &gt; 0
   * @throws LinuxException ENOSPC when the file system is full
   */
  public void allocate(long offset, long lengthBytes) throws LinuxException {
    fallocate(Abi.FALLOC_FL_KEEP_SIZE, offset, lengthBytes);
  }

  private void fallocate(int mode, long offset, long lengthBytes) throws LinuxException {
    int errno;
    do {
      if (Libc.fallocate(fd, mode, offset, lengthBytes) == 0) {
        return;
      }
      errno = Libc.errno();
    } while (errno == Errno.EINTR);
    throw new LinuxException(
        "fallocate mode " + mode + " " + Userfaultfd.range(offset, lengthBytes) + " of " + name,
        errno);
  }

  /**
   * As {@link #allocate}. HOT.
   *
   * @return 0, or the negative errno
   */
  public int tryAllocate(long offset, long lengthBytes) {
    return Libc.fallocate(fd, Abi.FALLOC_FL_KEEP_SIZE, offset, lengthBytes) == 0
        ? 0
        : -Libc.errno();
  }

  /**
   * The first data at or behind an offset. Pages that were allocated but never touched are holes
   * here, as both read as zeros. On hugetlbfs everything counts as data: use {@link ProcessPagemap}
   * there.
   *
   * @return its offset, {@link #sizeBytes} when there is none
   */
  public long nextData(long offset) throws LinuxException {
    return seek(offset, Abi.SEEK_DATA);
  }

  /**
   * The first hole at or behind an offset. On hugetlbfs there is none before the end.
   *
   * @return its offset, {@link #sizeBytes} when there is none
   */
  public long nextHole(long offset) throws LinuxException {
    return seek(offset, Abi.SEEK_HOLE);
  }

  private long seek(long offset, int whence) throws LinuxException {
    long found = Libc.lseek(fd, offset, whence);
    if (found >= 0) {
      return found;
    }
    int errno = Libc.errno();
    if (errno == Errno.ENXIO) {
      return sizeBytes;
    }
    throw new LinuxException(
        "lseek " + whence + " from 0x" + Long.toHexString(offset) + " of " + name, errno);
  }

  private ByteBuffer statfs(NativeBuffer memory) throws LinuxException {
    if (Libc.fstatfs(fd, memory.address()) != 0) {
      throw new LinuxException("fstatfs " + name, Libc.errno());
    }
    return memory.asByteBuffer();
  }

  /** Unmaps and closes it; does nothing the second time. */
  @Override
  public synchronized void close() {
    if (mapping != 0) {
      Libc.munmap(mapping, sizeBytes);
      mapping = 0;
    }
    if (fd >= 0) {
      Libc.close(fd);
      fd = -1;
    }
  }
}
