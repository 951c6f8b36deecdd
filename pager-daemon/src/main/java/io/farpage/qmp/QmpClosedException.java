package io.farpage.qmp;

/**
 * There is no connection to QEMU: it could not be made, was closed by QEMU (QEMU is gone), or
 * closed by ourselves.
 */
public final class QmpClosedException extends QmpException {
  public QmpClosedException(String message) {
    super(message);
  }

  public QmpClosedException(String message, Throwable cause) {
    super(message, cause);
  }
}
