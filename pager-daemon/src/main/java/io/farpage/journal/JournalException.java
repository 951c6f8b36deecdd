package io.farpage.journal;

import java.io.IOException;

/** A journal cannot be created, or is not one that this version can read. */
public final class JournalException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message for the operator. */
  public JournalException(final String message) {
    super(message);
  }

  JournalException(final String message, final Throwable cause) {
    super(message, cause);
  }
}
