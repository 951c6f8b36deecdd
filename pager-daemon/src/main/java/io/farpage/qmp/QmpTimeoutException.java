package io.farpage.qmp;

/**
 * QEMU did not answer, or an awaited event did not come, in the time given. A command that timed
 * out may still be carried out later: only its answer is given up.
 */
public final class QmpTimeoutException extends QmpException {
  public QmpTimeoutException(String message) {
    super(message);
  }
}
