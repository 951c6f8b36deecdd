package io.farpage.transport.rdma;

import java.io.IOException;

/** RDMA cannot be used in this process; the message says why, and what the operator can do. */
public final class RdmaUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one line for the operator. */
  public RdmaUnavailableException(String message) {
    super(message);
  }

  /** Creates the exception with one line for the operator, and what led to it. */
  public RdmaUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
