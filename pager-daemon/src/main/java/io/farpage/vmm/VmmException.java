package io.farpage.vmm;

/**
 * The VMM or its guest cannot be moved as it is. Nothing has been changed. The message is one line
 * for the operator and says what to do; {@link #problem} is for programs.
 */
public final class VmmException extends RuntimeException {
  /** What is wrong. */
  public enum Problem {
    /**
     * The process behind the QMP socket is not the one that runs the guest, or not the one given.
     */
    WRONG_PROCESS,
    /** {@code /proc} of the VMM, or its RAM file, may not be read by this user. */
    NO_ACCESS,
    /** RAM is private to the VMM. */
    RAM_NOT_SHARED,
    /** RAM is a memfd, which has no name and which QEMU would send itself. */
    RAM_IS_MEMFD,
    /** RAM has no backend that is a file: anonymous memory. */
    RAM_HAS_NO_FILE,
    /**
     * The RAM file cannot be used: gone, of an odd size, mapped in pieces, or on a file system
     * without fault handling.
     */
    RAM_FILE_UNUSABLE,
    /** Something other than the VMM's own process writes guest memory. */
    FOREIGN_WRITER,
    /** The destination was not started with {@code -incoming defer}. */
    NOT_INCOMING_DEFER,
    /** The destination has been given a migration already. */
    INCOMING_ALREADY_USED,
    /** The source is being migrated already. */
    ALREADY_MIGRATING,
    /** The source's guest has left, or has not come yet. */
    NO_GUEST,
    /** The VMM itself says that it cannot migrate. */
    MIGRATION_BLOCKED,
    /** This version of the VMM lacks something that Farpage needs. */
    UNSUPPORTED_VERSION,
    /** The VMM's process is still there after it was killed. */
    WILL_NOT_DIE
  }

  private final Problem problem;

  public VmmException(Problem problem, String message) {
    super(message);
    this.problem = problem;
  }

  public VmmException(Problem problem, String message, Throwable cause) {
    super(message, cause);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
