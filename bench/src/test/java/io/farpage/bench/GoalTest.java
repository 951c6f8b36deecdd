package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class GoalTest {
  @Test
  void theBoundItselfIsGoodEnough() {
    assertTrue(Goal.atMost("x", 1.2, 1.2).met());
    assertFalse(Goal.atMost("x", 1.21, 1.2).met());
    assertTrue(Goal.atLeast("x", 95, 95).met());
    assertFalse(Goal.atLeast("x", 94.9, 95).met());
  }

  @Test
  void whatWasNotMeasuredIsNotMet() {
    final Goal goal = Goal.atMost("x", Double.NaN, 2);
    assertFalse(goal.met());
    assertEquals("-", goal.shown());
  }

  @Test
  void boundsAreShownAsPeopleWriteThem() {
    assertEquals("at most 1.2", Goal.atMost("x", 1, 1.2).bound());
    assertEquals("at least 95", Goal.atLeast("x", 1, 95).bound());
    assertEquals("0.33", Goal.atMost("x", 1 / 3.0, 1).shown());
  }
}
