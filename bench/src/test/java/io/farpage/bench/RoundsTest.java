package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {
  @Test
  void theMedianIsTheMiddleOrBetweenTheTwoInTheMiddle() {
    final Rounds rounds = new Rounds();
    for (final double figure : new double[] {9, 1, 5}) {
      rounds.add("a", figure);
    }
    assertEquals(5, rounds.median("a"));
    assertEquals(5, rounds.last("a"));
    rounds.add("a", 6);
    assertEquals(5.5, rounds.median("a"));
    assertEquals(6, rounds.last("a"));
  }

  @Test
  void figuresKeepTheOrderOfTheirNames() {
    final Rounds rounds = new Rounds();
    rounds.add("z", 1);
    rounds.add("a", 2);
    rounds.add("z", 3);
    assertEquals(List.of("z", "a"), List.copyOf(rounds.all().keySet()));
    assertEquals(List.of(1.0, 3.0), rounds.all().get("z"));
  }

  @Test
  void aFigureThatIsNotThereIsAnError() {
    assertThrows(IllegalArgumentException.class, () -> new Rounds().median("a"));
    assertThrows(IllegalArgumentException.class, () -> new Rounds().last("a"));
  }
}
