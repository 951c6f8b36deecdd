package io.farpage.linux;

/**
 * Numbers of {@code linux/userfaultfd.h} on x86-64: ioctl requests, modes, flags, sizes and
 * offsets. Each is compared with the installed kernel headers by a test, under the same name.
 */
public final class UffdConstants {
  /** The protocol version of {@link #UFFDIO_API}. */
  public static final long UFFD_API = 0xAA;

  /** The request of {@code /dev/userfaultfd} that makes a descriptor. */
  public static final long USERFAULTFD_IOC_NEW = 0xAA00L;

  public static final long UFFDIO_API = 0xC018AA3FL;
  public static final long UFFDIO_REGISTER = 0xC020AA00L;
  public static final long UFFDIO_UNREGISTER = 0x8010AA01L;
  public static final long UFFDIO_WAKE = 0x8010AA02L;
  public static final long UFFDIO_COPY = 0xC028AA03L;
  public static final long UFFDIO_ZEROPAGE = 0xC020AA04L;
  public static final long UFFDIO_WRITEPROTECT = 0xC018AA06L;
  public static final long UFFDIO_CONTINUE = 0xC020AA07L;

  /** Register mode: report accesses to pages that do not exist. */
  public static final int MODE_MISSING = 1;

  /**
   * Register mode: report (or, with {@link UffdFeature#WP_ASYNC}, note) writes to protected pages.
   */
  public static final int MODE_WP = 2;

  /** Register mode: report accesses to pages that the file has but this mapping has not. */
  public static final int MODE_MINOR = 4;

  /** Only faults of user mode: what an unprivileged process may ask of {@code userfaultfd(2)}. */
  public static final int UFFD_USER_MODE_ONLY = 1;

  /** Bit numbers of the mask that {@link Userfaultfd#register} returns. */
  public static final int IOCTL_WAKE = 2;

  public static final int IOCTL_COPY = 3;
  public static final int IOCTL_ZEROPAGE = 4;
  public static final int IOCTL_WRITEPROTECT = 6;
  public static final int IOCTL_CONTINUE = 7;

  public static final int EVENT_PAGEFAULT = 0x12;
  public static final int EVENT_FORK = 0x13;
  public static final int EVENT_REMAP = 0x14;
  public static final int EVENT_REMOVE = 0x15;
  public static final int EVENT_UNMAP = 0x16;

  static final long PAGEFAULT_FLAG_WRITE = 1;
  static final long PAGEFAULT_FLAG_WP = 2;
  static final long PAGEFAULT_FLAG_MINOR = 4;

  static final int MSG_SIZE = 32;
  static final int MSG_EVENT = 0;
  static final int MSG_PAGEFAULT_FLAGS = 8;
  static final int MSG_PAGEFAULT_ADDRESS = 16;
  static final int MSG_PAGEFAULT_PTID = 24;
  static final int MSG_REMOVE_START = 8;
  static final int MSG_REMOVE_END = 16;

  static final int API_SIZE = 24;
  static final int API_API = 0;
  static final int API_FEATURES = 8;
  static final int API_IOCTLS = 16;

  static final int RANGE_SIZE = 16;
  static final int RANGE_START = 0;
  static final int RANGE_LEN = 8;

  static final int REGISTER_SIZE = 32;
  static final int REGISTER_MODE = 16;
  static final int REGISTER_IOCTLS = 24;

  static final int COPY_SIZE = 40;
  static final int COPY_DST = 0;
  static final int COPY_SRC = 8;
  static final int COPY_LEN = 16;
  static final int COPY_MODE = 24;
  static final int COPY_COPY = 32;

  static final int ZEROPAGE_SIZE = 32;
  static final int ZEROPAGE_MODE = 16;
  static final int ZEROPAGE_ZEROPAGE = 24;

  static final int CONTINUE_SIZE = 32;
  static final int CONTINUE_MODE = 16;
  static final int CONTINUE_MAPPED = 24;

  static final int WRITEPROTECT_SIZE = 24;
  static final int WRITEPROTECT_MODE = 16;
  static final long WRITEPROTECT_MODE_WP = 1;

  private UffdConstants() {}
}
