package io.farpage.dirty;

import java.io.IOException;

/**
 * The guest's writes cannot be tracked; nothing has been changed. The message is one line for the
 * operator that says why, and what would help.
 */
public final class TrackingUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  TrackingUnavailableException(final String message) {
    super(message);
  }

  TrackingUnavailableException(final String message, final Throwable cause) {
    super(message, cause);
  }
}
