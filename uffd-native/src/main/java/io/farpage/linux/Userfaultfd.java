package io.farpage.linux;

import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A userfaultfd: the descriptor through which faults of registered memory are read and answered.
 *
 * <p>It belongs to one address space, that of the process that made it, also when it was handed to
 * this process. Here are the rare calls; events are read with {@link UffdEvents}, pages placed with
 * {@link PagePlacer}. Thread-safe, except that {@link #close} must come last.
 */
public final class Userfaultfd implements AutoCloseable {
  private static final String DEVICE = "/dev/userfaultfd";
  private static final long BUSY_NS = TimeUnit.SECONDS.toNanos(5);

  private volatile int fd;

  private Userfaultfd(int fd) {
    this.fd = fd;
  }

  /**
   * Makes one for this process's own memory, by the system call or else by {@code
   * /dev/userfaultfd}.
   *
   * @param flags of userfaultfd(2), for example {@link UffdConstants#UFFD_USER_MODE_ONLY};
   *     close-on-exec and non-blocking are always set
   * @throws LinuxException EPERM when neither way is allowed, ENOSYS without userfaultfd in the
   *     kernel
   */
  public static Userfaultfd create(int flags) throws LinuxException {
    int allFlags = flags | Abi.O_CLOEXEC | Abi.O_NONBLOCK;
    int fd = (int) Libc.syscall(Abi.SYS_USERFAULTFD, allFlags, 0, 0);
    if (fd >= 0) {
      return new Userfaultfd(fd);
    }
    int errno = Libc.errno();
    int device = Libc.open(Libc.cString(DEVICE), Abi.O_RDWR | Abi.O_CLOEXEC, 0);
    if (device >= 0) {
      fd = Libc.ioctl(device, UffdConstants.USERFAULTFD_IOC_NEW, allFlags);
      Libc.close(device);
      if (fd >= 0) {
        return new Userfaultfd(fd);
      }
    }
    throw new LinuxException(
        "userfaultfd",
        errno,
        "Give this process CAP_SYS_PTRACE or access to "
            + DEVICE
            + ", or set sysctl vm.unprivileged_userfaultfd=1.");
  }

  /**
   * Takes over a descriptor that some other call made.
   *
   * @param fd an open userfaultfd; closed by {@link #close}
   */
  public static Userfaultfd adopt(int fd) {
    if (fd < 0) {
      throw new IllegalArgumentException("fd " + fd);
    }
    return new Userfaultfd(fd);
  }

  /** The descriptor's number, -1 when closed. */
  public int fd() {
    return fd;
  }

  /**
   * UFFDIO_API: the first call on a new descriptor, allowed once.
   *
   * @param wantedFeatures a mask of {@link UffdFeature} bits, all of which must be there
   * @return the mask of features that the kernel has
   * @throws LinuxException EINVAL when a feature is missing (named in the message) or the call was
   *     made before; EPERM for {@link UffdFeature#EVENT_FORK} without CAP_SYS_PTRACE
   */
  public long handshake(long wantedFeatures) throws LinuxException {
    try (NativeBuffer memory = NativeBuffer.allocate(UffdConstants.API_SIZE)) {
      ByteBuffer api = memory.asByteBuffer();
      api.putLong(UffdConstants.API_API, UffdConstants.UFFD_API);
      api.putLong(UffdConstants.API_FEATURES, wantedFeatures);
      if (Libc.ioctl(fd, UffdConstants.UFFDIO_API, memory.address()) == 0) {
        return api.getLong(UffdConstants.API_FEATURES);
      }
      int errno = Libc.errno();
      String what = "UFFDIO_API with features " + describe(wantedFeatures);
      if (errno != Errno.EINVAL || wantedFeatures == 0) {
        throw new LinuxException(what, errno);
      }
      throw new LinuxException(what, errno, whyRefused(wantedFeatures));
    }
  }

  /** The features of this kernel, asked on a descriptor of its own. */
  static long kernelFeatures() throws LinuxException {
    try (Userfaultfd fresh = create(UffdConstants.UFFD_USER_MODE_ONLY)) {
      return fresh.handshake(0);
    }
  }

  private static String whyRefused(long wanted) {
    long has;
    try {
      has = kernelFeatures();
    } catch (LinuxException e) {
      return "Which feature is missing cannot be asked here (" + e.getMessage() + ").";
    }
    long missing = wanted & ~has;
    return missing == 0
        ? "The kernel has all of them: this descriptor was initialised before."
        : "This kernel lacks " + describe(missing) + ".";
  }

  private static String describe(long mask) {
    Set<UffdFeature> named = UffdFeature.of(mask);
    long unnamed = mask & ~UffdFeature.mask(named.toArray(new UffdFeature[0]));
    return named + (unnamed == 0 ? "" : " and 0x" + Long.toHexString(unnamed));
  }

  /**
   * UFFDIO_REGISTER: from now on faults in this range are reported here.
   *
   * @param address first byte, a multiple of the mapping's page size, in the address space that
   *     owns this descriptor
   * @param lengthBytes a multiple of the page size
   * @param mode one or more of {@link UffdConstants#MODE_MISSING}, {@code MODE_WP}, {@code
   *     MODE_MINOR}
   * @return the mask of what may be done to the range, by bit numbers {@link
   *     UffdConstants#IOCTL_CONTINUE} and so on
   * @throws LinuxException EBUSY when another userfaultfd has the range, EINVAL when the mapping
   *     cannot be registered in this mode, ENOMEM when the process is gone
   */
  public long register(long address, long lengthBytes, int mode) throws LinuxException {
    try (NativeBuffer memory = NativeBuffer.allocate(UffdConstants.REGISTER_SIZE)) {
      ByteBuffer register = memory.asByteBuffer();
      register.putLong(UffdConstants.RANGE_START, address);
      register.putLong(UffdConstants.RANGE_LEN, lengthBytes);
      register.putLong(UffdConstants.REGISTER_MODE, mode);
      if (Libc.ioctl(fd, UffdConstants.UFFDIO_REGISTER, memory.address()) != 0) {
        throw new LinuxException("UFFDIO_REGISTER " + range(address, lengthBytes), Libc.errno());
      }
      return register.getLong(UffdConstants.REGISTER_IOCTLS);
    }
  }

  /**
   * UFFDIO_UNREGISTER: faults in this range are the kernel's own again, and whoever waits in it is
   * woken.
   *
   * @param address first byte, a multiple of the page size
   * @param lengthBytes a multiple of the page size
   * @throws LinuxException EINVAL when nothing there can be unregistered, ENOMEM when the process
   *     is gone
   */
  public void unregister(long address, long lengthBytes) throws LinuxException {
    try (NativeBuffer memory = NativeBuffer.allocate(UffdConstants.RANGE_SIZE)) {
      ByteBuffer range = memory.asByteBuffer();
      range.putLong(UffdConstants.RANGE_START, address);
      range.putLong(UffdConstants.RANGE_LEN, lengthBytes);
      if (Libc.ioctl(fd, UffdConstants.UFFDIO_UNREGISTER, memory.address()) != 0) {
        throw new LinuxException("UFFDIO_UNREGISTER " + range(address, lengthBytes), Libc.errno());
      }
    }
  }

  /**
   * UFFDIO_WRITEPROTECT: from now on writes to this range are reported, or noted with {@link
   * UffdFeature#WP_ASYNC}. In shared memory pages that are not mapped yet, and holes, are protected
   * as well.
   *
   * @param address first byte, registered with {@link UffdConstants#MODE_WP}
   * @param lengthBytes a multiple of the page size
   * @throws LinuxException ENOENT when a part of the range is not registered in that mode, ENOMEM,
   *     ESRCH when the process is gone; the range may be protected in part
   */
  public void writeProtect(long address, long lengthBytes) throws LinuxException {
    try (NativeBuffer memory = NativeBuffer.allocate(UffdConstants.WRITEPROTECT_SIZE)) {
      ByteBuffer argument = memory.asByteBuffer();
      argument.putLong(UffdConstants.RANGE_START, address);
      argument.putLong(UffdConstants.RANGE_LEN, lengthBytes);
      argument.putLong(UffdConstants.WRITEPROTECT_MODE, UffdConstants.WRITEPROTECT_MODE_WP);
      long deadlineNs = System.nanoTime() + BUSY_NS;
      while (Libc.ioctl(fd, UffdConstants.UFFDIO_WRITEPROTECT, memory.address()) != 0) {
        int errno = Libc.errno();
        // EAGAIN: the memory map is changing; it lasts only while an event waits to be read
        if (errno != Errno.EINTR && (errno != Errno.EAGAIN || System.nanoTime() - deadlineNs > 0)) {
          throw new LinuxException("UFFDIO_WRITEPROTECT " + range(address, lengthBytes), errno);
        }
        Thread.onSpinWait();
      }
    }
  }

  /** A new placer for the calling thread: the calls that answer faults. */
  public PagePlacer placer() {
    return new PagePlacer(this);
  }

  /** Which features this kernel has, as far as this process may ask. */
  public static Set<UffdFeature> availableFeatures() throws LinuxException {
    return EnumSet.copyOf(UffdFeature.of(kernelFeatures()));
  }

  static String range(long address, long lengthBytes) {
    return "0x" + Long.toHexString(address) + "-0x" + Long.toHexString(address + lengthBytes);
  }

  /**
   * Closes this copy of the descriptor; does nothing the second time. When it is the last copy, all
   * ranges are unregistered, and whoever waits in them reads zeros.
   */
  @Override
  public synchronized void close() {
    int closing = fd;
    fd = -1;
    if (closing >= 0) {
      Libc.close(closing);
    }
  }
}
