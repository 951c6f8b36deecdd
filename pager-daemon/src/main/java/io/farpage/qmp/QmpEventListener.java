package io.farpage.qmp;

/**
 * Told of every event, in the order in which QEMU sent them.
 *
 * <p>Called on the client's reader thread: it must return quickly, and cannot execute commands
 * (that fails with an {@link IllegalStateException}, since the answer could never be read). What it
 * throws is logged and otherwise ignored.
 */
@FunctionalInterface
public interface QmpEventListener {
  void onEvent(QmpEvent event);
}
