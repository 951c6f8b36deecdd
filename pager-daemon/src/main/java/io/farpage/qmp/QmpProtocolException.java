package io.farpage.qmp;

/** What is at the other end of the socket does not speak QMP. The connection is closed. */
public final class QmpProtocolException extends QmpException {
  public QmpProtocolException(String message) {
    super(message);
  }

  public QmpProtocolException(String message, Throwable cause) {
    super(message, cause);
  }
}
