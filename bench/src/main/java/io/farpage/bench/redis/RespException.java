package io.farpage.bench.redis;

import java.io.IOException;

/** A server has refused a command, or has answered with what is no reply. */
public final class RespException extends IOException {
  private static final long serialVersionUID = 1L;

  RespException(final String message) {
    super(message);
  }
}
