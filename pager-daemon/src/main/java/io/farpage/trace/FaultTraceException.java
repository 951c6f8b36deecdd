package io.farpage.trace;

import java.io.IOException;

/** A file that is no fault trace, or a damaged one; the message is one line and names the file. */
public final class FaultTraceException extends IOException {
  private static final long serialVersionUID = 1L;

  FaultTraceException(final String message) {
    super(message);
  }

  FaultTraceException(final String message, final Throwable cause) {
    super(message, cause);
  }
}
