package io.farpage.migration;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps one side's state, allows only what {@link MigrationStatus#next()} allows, and tells. */
final class StateMachine {
  private static final Logger LOG = LoggerFactory.getLogger(StateMachine.class);

  private final Consumer<MigrationStatus> listener;
  private volatile MigrationStatus status = MigrationStatus.NONE;

  StateMachine(final Consumer<MigrationStatus> listener) {
    this.listener = listener;
  }

  MigrationStatus status() {
    return status;
  }

  void enter(final MigrationStatus next) {
    final MigrationStatus last = status;
    if (!last.next().contains(next)) {
      throw new IllegalStateException("no way from " + last + " to " + next);
    }
    LOG.debug("{} -> {}", last.qemuName(), next.qemuName());
    status = next;
    listener.accept(next);
  }
}
