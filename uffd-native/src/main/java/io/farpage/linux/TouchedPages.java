package io.farpage.linux;

/**
 * Which pages of a RAM file this process's own mapping of it has: those that this process has
 * touched, by itself or by giving them to {@code send(2)}, and that nobody has taken away since. A
 * page whose hole was punched, that was reclaimed, or that is just being moved is absent until this
 * process touches it again, whatever others do with it meanwhile.
 *
 * <p>So that a touch maps one page and not its neighbours too ("fault-around"), the mapping is
 * registered at a userfaultfd for write protection, and nothing is ever protected. hugetlbfs maps
 * single pages anyway.
 *
 * <p>One per thread; not thread-safe. To be closed before the file.
 */
public final class TouchedPages implements AutoCloseable {
  private final long address;
  private final long sizeBytes;
  private final Userfaultfd uffd;
  private final PagemapScan scan;
  private final PagemapEntries entries;

  private TouchedPages(
      long address, long sizeBytes, Userfaultfd uffd, PagemapScan scan, PagemapEntries entries) {
    this.address = address;
    this.sizeBytes = sizeBytes;
    this.uffd = uffd;
    this.scan = scan;
    this.entries = entries;
  }

  /**
   * Of the mapping that a file has, or of a read-only one that it gets. What the mapping touched
   * before may include neighbours.
   *
   * @param file open for writing (the kernel wants that), unless it is on hugetlbfs
   * @throws LinuxException EINVAL before Linux 5.19; EBUSY when another userfaultfd has the
   *     mapping; EPERM when the file is open for reading only
   */
  public static TouchedPages of(RamFile file) throws LinuxException {
    return of(file, PagemapScan.isSupported());
  }

  static TouchedPages of(RamFile file, boolean byScan) throws LinuxException {
    int self = (int) ProcessHandle.current().pid();
    long size = file.sizeBytes();
    Userfaultfd uffd = file.isHugetlbfs() ? null : withoutFaultAround(file);
    try {
      return byScan
          ? new TouchedPages(file.mapped(), size, uffd, PagemapScan.open(self), null)
          : new TouchedPages(file.mapped(), size, uffd, null, PagemapEntries.open(self));
    } catch (LinuxException e) {
      if (uffd != null) {
        uffd.close();
      }
      throw e;
    }
  }

  private static Userfaultfd withoutFaultAround(RamFile file) throws LinuxException {
    if (!file.isWritable()) {
      throw new LinuxException(
          "switching fault-around off for descriptor " + file.fd(),
          Errno.EPERM,
          "The kernel allows it only for files that are open for writing.");
    }
    Userfaultfd uffd = Userfaultfd.create(UffdConstants.UFFD_USER_MODE_ONLY);
    try {
      uffd.handshake(
          UffdFeature.mask(UffdFeature.PAGEFAULT_FLAG_WP, UffdFeature.WP_HUGETLBFS_SHMEM));
      uffd.register(file.mapped(), file.sizeBytes(), UffdConstants.MODE_WP);
      return uffd;
    } catch (LinuxException e) {
      uffd.close();
      throw e;
    }
  }

  /**
   * Reports the ranges, as offsets in the file, that are not mapped.
   *
   * @param offset a multiple of the file's page size
   * @param lengthBytes a multiple of the file's page size
   */
  public void absent(long offset, long lengthBytes, RangeListener listener) throws LinuxException {
    if (offset < 0 || lengthBytes < 0 || lengthBytes > sizeBytes - offset) {
      throw new IllegalArgumentException("offset " + offset + ", length " + lengthBytes);
    }
    RangeListener inFile = (start, end) -> listener.range(start - address, end - address);
    if (scan != null) {
      scan.absent(address + offset, lengthBytes, inFile);
    } else {
      entries.matching(address + offset, lengthBytes, TouchedPages::isAbsent, inFile);
    }
  }

  private static boolean isAbsent(long entry) {
    return (entry & PagemapEntries.PRESENT) == 0;
  }

  /** Lets go of the mapping, which stays with the file. */
  @Override
  public void close() {
    if (uffd != null) {
      uffd.close();
    }
    if (scan != null) {
      scan.close();
    }
    if (entries != null) {
      entries.close();
    }
  }
}
