package io.farpage.migration;

/** How a migration ended, for this side; the exit code is part of the command-line contract. */
public enum Outcome {
  /** Done. */
  COMPLETED(0),
  /** Failed before the commit: the guest is on the source as before. */
  FAILED(1),
  /** This host, this VMM or these options cannot: nothing was begun. */
  REFUSED(2),
  /** Interrupted after the commit; {@code --resume} goes on. */
  INTERRUPTED(3),
  /** Cancelled before the commit. */
  CANCELLED(130);

  private final int exitCode;

  Outcome(final int exitCode) {
    this.exitCode = exitCode;
  }

  /** Returns the exit code of the program. */
  public int exitCode() {
    return exitCode;
  }
}
