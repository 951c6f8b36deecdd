package io.farpage.control;

import java.io.IOException;

/** The peer does not speak this protocol, or not this version, or broke its rules. */
public final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a message for the operator. */
  public ProtocolException(final String message) {
    super(message);
  }
}
