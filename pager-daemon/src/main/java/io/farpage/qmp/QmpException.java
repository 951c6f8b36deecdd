package io.farpage.qmp;

/**
 * Talking to QEMU failed. The message is one line for the operator: what happened, and what to do
 * about it.
 *
 * <p>Subclasses tell the cases apart: {@link QmpCommandException} (QEMU refused a command), {@link
 * QmpTimeoutException} (no answer), {@link QmpClosedException} (the socket is gone, or never was
 * there) and {@link QmpProtocolException} (the peer does not speak QMP).
 */
public class QmpException extends RuntimeException {
  public QmpException(String message) {
    super(message);
  }

  public QmpException(String message, Throwable cause) {
    super(message, cause);
  }
}
