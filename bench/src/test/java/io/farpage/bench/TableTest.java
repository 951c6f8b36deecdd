package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void labelsAreAtTheLeftAndFiguresAtTheRight() {
    assertEquals(
        List.of(
            "what           one  the other", "a long label  12.0          3", "b                4"),
        new Table("what", "one", "the other")
            .row("a long label", "12.0", "3")
            .row("b", "4")
            .lines());
  }

  @Test
  void aTableOfNothingHasItsHeading() {
    assertEquals(List.of("what  one"), new Table("what", "one").lines());
  }
}
