package io.farpage.linux;

import java.io.IOException;

/** A system call that failed: what was tried, on what, and the kernel's error number. */
public class LinuxException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  /**
   * Describes a failed call.
   *
   * @param what the call and its object, for example {@code UFFDIO_REGISTER 0x7f00-0x7f10}
   * @param errno the positive error number
   */
  public LinuxException(String what, int errno) {
    super(what + ": " + Errno.name(errno) + " (" + Errno.describe(errno) + ")");
    this.errno = errno;
  }

  /**
   * Describes a failed call and what the operator can do about it.
   *
   * @param what the call and its object
   * @param errno the positive error number
   * @param advice a sentence for the operator
   */
  public LinuxException(String what, int errno, String advice) {
    super(what + ": " + Errno.name(errno) + " (" + Errno.describe(errno) + "). " + advice);
    this.errno = errno;
  }

  /** The positive error number, one of {@link Errno}. */
  public int errno() {
    return errno;
  }
}
