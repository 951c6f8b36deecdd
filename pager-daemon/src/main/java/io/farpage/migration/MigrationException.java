package io.farpage.migration;

/** A migration ends here; the message is one line for the operator and says what to do. */
public final class MigrationException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Outcome outcome;

  /**
   * Creates the exception.
   *
   * @param outcome how the migration ends
   * @param message one line for the operator
   */
  public MigrationException(final Outcome outcome, final String message) {
    super(message);
    this.outcome = outcome;
  }

  /** Creates the exception with its cause. */
  public MigrationException(final Outcome outcome, final String message, final Throwable cause) {
    super(message, cause);
    this.outcome = outcome;
  }

  /** Returns how the migration ends. */
  public Outcome outcome() {
    return outcome;
  }

  static MigrationException failed(final String message) {
    return new MigrationException(Outcome.FAILED, message);
  }
}
