package io.farpage.linux;

import java.nio.ByteBuffer;

/**
 * Answers faults: makes pages appear in the memory that a {@link Userfaultfd} watches.
 *
 * <p>One per thread, from {@link Userfaultfd#placer}; not thread-safe, because it holds the
 * kernel's argument structures. No call allocates. Addresses and lengths are in the address space
 * that owns the userfaultfd and are multiples of the page size.
 *
 * <p>What the negative results mean:
 *
 * <table>
 * <caption>errno of the placing calls</caption>
 * <tr><td>EEXIST</td><td>the page is mapped already: harmless, but a waiter may need {@link #wake}</td></tr>
 * <tr><td>EAGAIN</td><td>the memory map is changing, or an event waits to be read: read events, then try again</td></tr>
 * <tr><td>EFAULT</td><td>continueRange: the file has no page there</td></tr>
 * <tr><td>ENOENT</td><td>not mapped, or not registered any more</td></tr>
 * <tr><td>ESRCH, ENOSPC</td><td>the process has exited</td></tr>
 * <tr><td>ENOMEM</td><td>no page could be allocated</td></tr>
 * </table>
 */
public final class PagePlacer implements AutoCloseable {
  private final Userfaultfd uffd;
  private final NativeBuffer memory;
  private final ByteBuffer argument;
  private final long argumentAddress;

  PagePlacer(Userfaultfd uffd) {
    this.uffd = uffd;
    this.memory = NativeBuffer.allocate(UffdConstants.COPY_SIZE);
    this.argument = memory.asByteBuffer();
    this.argumentAddress = memory.address();
  }

  /**
   * UFFDIO_CONTINUE: maps the pages that the file has, and wakes who waits for them. HOT.
   *
   * @return the number of bytes done when at least one page was (perhaps fewer than asked), else
   *     the negative errno
   */
  public long continueRange(long address, long lengthBytes) {
    argument.putLong(UffdConstants.RANGE_START, address);
    argument.putLong(UffdConstants.RANGE_LEN, lengthBytes);
    argument.putLong(UffdConstants.CONTINUE_MODE, 0);
    argument.putLong(UffdConstants.CONTINUE_MAPPED, 0);
    return place(UffdConstants.UFFDIO_CONTINUE, UffdConstants.CONTINUE_MAPPED);
  }

  /**
   * UFFDIO_COPY: new pages with the bytes at {@code source}, an address of this process; wakes who
   * waits. HOT.
   *
   * @return the number of bytes done when at least one page was (perhaps fewer than asked), else
   *     the negative errno
   */
  public long copy(long address, long source, long lengthBytes) {
    argument.putLong(UffdConstants.COPY_DST, address);
    argument.putLong(UffdConstants.COPY_SRC, source);
    argument.putLong(UffdConstants.COPY_LEN, lengthBytes);
    argument.putLong(UffdConstants.COPY_MODE, 0);
    argument.putLong(UffdConstants.COPY_COPY, 0);
    return place(UffdConstants.UFFDIO_COPY, UffdConstants.COPY_COPY);
  }

  /**
   * UFFDIO_ZEROPAGE: new pages of zeros; wakes who waits. Not on hugetlbfs (EINVAL). HOT.
   *
   * @return the number of bytes done when at least one page was (perhaps fewer than asked), else
   *     the negative errno
   */
  public long zeroPage(long address, long lengthBytes) {
    argument.putLong(UffdConstants.RANGE_START, address);
    argument.putLong(UffdConstants.RANGE_LEN, lengthBytes);
    argument.putLong(UffdConstants.ZEROPAGE_MODE, 0);
    argument.putLong(UffdConstants.ZEROPAGE_ZEROPAGE, 0);
    return place(UffdConstants.UFFDIO_ZEROPAGE, UffdConstants.ZEROPAGE_ZEROPAGE);
  }

  /**
   * UFFDIO_WAKE: lets who waits in the range try the access again; faults that are still faults are
   * reported anew. HOT.
   *
   * @return 0, or the negative errno
   */
  public int wake(long address, long lengthBytes) {
    argument.putLong(UffdConstants.RANGE_START, address);
    argument.putLong(UffdConstants.RANGE_LEN, lengthBytes);
    return Libc.ioctl(uffd.fd(), UffdConstants.UFFDIO_WAKE, argumentAddress) == 0
        ? 0
        : -Libc.errno();
  }

  private long place(long request, int resultOffset) {
    boolean complete = Libc.ioctl(uffd.fd(), request, argumentAddress) == 0;
    int errno = complete ? 0 : Libc.errno();
    // After an error this field holds what was done before it, or the negative errno once more.
    long doneBytes = argument.getLong(resultOffset);
    return doneBytes > 0 ? doneBytes : -errno;
  }

  /** Frees the argument memory; the userfaultfd stays open. */
  @Override
  public void close() {
    memory.close();
  }
}
