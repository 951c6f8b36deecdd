package io.farpage.transport.rdma;

import java.io.IOException;

/**
 * A verb that failed, for example {@code ibv_reg_mr: ENOMEM (12) Cannot allocate memory}.
 *
 * <p>Thrown by the native library, out of DiSNI's methods too; DiSNI's own checks are plain {@link
 * IOException}s.
 */
public class VerbsException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  /**
   * Describes a failed verb.
   *
   * @param message the verb, the error, and what is known beyond
   * @param errno the positive error number; EBADF for an object that does not exist
   */
  public VerbsException(String message, int errno) {
    super(message);
    this.errno = errno;
  }

  /** The positive error number. */
  public int errno() {
    return errno;
  }
}
