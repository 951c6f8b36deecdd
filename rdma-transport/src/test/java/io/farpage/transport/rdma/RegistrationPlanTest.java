package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.transport.Extents;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegistrationPlanTest {
  private static final long PAGE = 4096;

  @Test
  void fewExtentsStayAsTheyAre() {
    final Extents data = new Extents(2);
    data.add(0, 0, PAGE);
    data.add(0, 2 * PAGE, PAGE);
    data.add(1, 0, 8L << 30);
    assertSame(data, RegistrationPlan.of(data));
  }

  @Test
  void shortGapsAreFilledWhenThereAreMany() {
    final Extents data = new Extents(1);
    for (int i = 0; i < 1000; i++) {
      // 99 pages of data, then a hole of one page
      data.add(0, i * 100 * PAGE, 99 * PAGE);
    }
    final Extents planned = RegistrationPlan.of(data);
    assertEquals(1, planned.count());
    assertTrue(planned.minus(data).totalBytes() <= data.totalBytes() / 20);
    assertTrue(data.minus(planned).isEmpty());
  }

  @Test
  void atMostFivePercentMoreIsRegistered() {
    final Random random = new Random(7);
    final Extents data = new Extents(2);
    for (int region = 0; region < 2; region++) {
      long at = 0;
      for (int i = 0; i < 5000; i++) {
        final long length = (1 + random.nextInt(20)) * PAGE;
        data.add(region, at, length);
        at += length + (1 + random.nextInt(20)) * PAGE;
      }
    }
    final Extents planned = RegistrationPlan.of(data);
    final long more = planned.minus(data).totalBytes();
    assertTrue(data.minus(planned).isEmpty());
    assertTrue(planned.count() < data.count());
    assertTrue(more > 0 && more <= data.totalBytes() / 20, () -> more + " bytes more");
  }

  @Test
  void theShortestAreLeftOutWhenThereAreFarTooMany() {
    final Extents data = new Extents(1);
    final int count = 3 * RegistrationPlan.MAX_COUNT;
    for (int i = 0; i < count; i++) {
      data.add(0, i * 1_000_000L * PAGE, (i % 3 == 0 ? 3 : 1) * PAGE);
    }
    final Extents planned = RegistrationPlan.of(data);
    assertEquals(RegistrationPlan.MAX_COUNT, planned.count());
    assertEquals(3 * PAGE * RegistrationPlan.MAX_COUNT, planned.totalBytes());
  }
}
