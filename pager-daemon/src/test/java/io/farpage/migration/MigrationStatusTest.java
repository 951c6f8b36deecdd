package io.farpage.migration;

import static io.farpage.migration.MigrationStatus.ACTIVE;
import static io.farpage.migration.MigrationStatus.CANCELLED;
import static io.farpage.migration.MigrationStatus.COMPLETED;
import static io.farpage.migration.MigrationStatus.DEVICE;
import static io.farpage.migration.MigrationStatus.FAILED;
import static io.farpage.migration.MigrationStatus.NONE;
import static io.farpage.migration.MigrationStatus.POSTCOPY_ACTIVE;
import static io.farpage.migration.MigrationStatus.POSTCOPY_PAUSED;
import static io.farpage.migration.MigrationStatus.PRE_SWITCHOVER;
import static io.farpage.migration.MigrationStatus.SETUP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MigrationStatusTest {
  private static final Map<MigrationStatus, Set<MigrationStatus>> ALLOWED =
      Map.of(
          NONE, EnumSet.of(SETUP, FAILED, CANCELLED, POSTCOPY_PAUSED),
          SETUP, EnumSet.of(ACTIVE, FAILED, CANCELLED),
          ACTIVE, EnumSet.of(PRE_SWITCHOVER, FAILED, CANCELLED),
          PRE_SWITCHOVER, EnumSet.of(DEVICE, FAILED, CANCELLED),
          DEVICE, EnumSet.of(POSTCOPY_ACTIVE, POSTCOPY_PAUSED, FAILED, CANCELLED),
          POSTCOPY_ACTIVE, EnumSet.of(POSTCOPY_PAUSED, COMPLETED),
          POSTCOPY_PAUSED, EnumSet.of(POSTCOPY_ACTIVE, COMPLETED),
          COMPLETED, EnumSet.noneOf(MigrationStatus.class),
          FAILED, EnumSet.noneOf(MigrationStatus.class),
          CANCELLED, EnumSet.noneOf(MigrationStatus.class));

  @Test
  void eachTransitionIsAllowedAndToldOrForbidden() {
    for (final MigrationStatus from : MigrationStatus.values()) {
      for (final MigrationStatus to : MigrationStatus.values()) {
        final List<MigrationStatus> told = new ArrayList<>();
        final StateMachine machine = at(from, told);
        if (ALLOWED.get(from).contains(to)) {
          machine.enter(to);
          assertEquals(to, machine.status());
          assertEquals(to, told.get(told.size() - 1));
        } else {
          final int before = told.size();
          assertThrows(IllegalStateException.class, () -> machine.enter(to), from + " to " + to);
          assertEquals(from, machine.status());
          assertEquals(before, told.size(), "nobody is told of what did not happen");
        }
      }
    }
  }

  /** After the commit no way leads to a state in which the source would run the guest. */
  @Test
  void nothingUndoesTheCommit() {
    for (final MigrationStatus status : MigrationStatus.values()) {
      if (status.isCommitted()) {
        status.next().forEach(next -> assertTrue(next.isCommitted(), status + " to " + next));
      }
    }
    assertFalse(DEVICE.isCommitted());
    assertTrue(POSTCOPY_ACTIVE.isCommitted());
  }

  @Test
  void namesAreThoseOfQemu() {
    assertEquals("pre-switchover", PRE_SWITCHOVER.qemuName());
    assertEquals("postcopy-active", POSTCOPY_ACTIVE.qemuName());
    assertEquals("none", NONE.qemuName());
  }

  @Test
  void exitCodesAreThoseOfTheContract() {
    assertEquals(0, Outcome.COMPLETED.exitCode());
    assertEquals(1, Outcome.FAILED.exitCode());
    assertEquals(2, Outcome.REFUSED.exitCode());
    assertEquals(3, Outcome.INTERRUPTED.exitCode());
    assertEquals(130, Outcome.CANCELLED.exitCode());
  }

  private static StateMachine at(final MigrationStatus wanted, final List<MigrationStatus> told) {
    final StateMachine machine = new StateMachine(told::add);
    final List<MigrationStatus> way =
        switch (wanted) {
          case NONE -> List.of();
          case FAILED, CANCELLED -> List.of(wanted);
          default ->
              List.of(
                  SETUP,
                  ACTIVE,
                  PRE_SWITCHOVER,
                  DEVICE,
                  POSTCOPY_ACTIVE,
                  POSTCOPY_PAUSED,
                  COMPLETED);
        };
    for (final MigrationStatus step : way) {
      machine.enter(step);
      if (step == wanted) {
        break;
      }
    }
    return machine;
  }
}
