package io.farpage.transport;

import java.io.IOException;

/** A lane broke: the connection to the source's memory is gone or misbehaved. */
public class LaneException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message for the operator. */
  public LaneException(final String message) {
    super(message);
  }
}
