package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BubblePolicyTest {
  private final Guest guest = new Guest(1000);
  private final BubblePolicy policy = new BubblePolicy(guest.missing);

  @Test
  void aBubbleGrowsBothWays() {
    fault(500);
    expect(501, 4);
    expect(496, 4);
    expect(505, 4);
    expect(492, 4);
  }

  @Test
  void severalBubblesGrowByTurnsTheNewestFirst() {
    fault(200);
    fault(700);
    expect(701, 4);
    expect(696, 4);
    expect(705, 4);
    expect(201, 4);
    expect(692, 4);
    expect(709, 4);
    expect(688, 4);
    expect(196, 4);
  }

  @Test
  void aFaultBesideABubbleMovesItsEdge() {
    fault(500);
    expect(501, 4);
    fault(510);
    expect(511, 4);
    expect(496, 4);
    fault(490);
    expect(486, 4);
    // and what lay between is not forgotten: the sweep comes round to it
    while (policy.next(guest.run, 4 * Guest.PAGE)) {
      guest.map.claimRun(guest.run.firstPage(), guest.run.firstPage() + guest.run.pageCount());
    }
    assertEquals(-1, guest.missing.next(0, 1000));
  }

  @Test
  void atTheEndOfItsRegionABubbleGrowsTheOtherWayAndThenItSweeps() {
    fault(999);
    expect(995, 4);
    expect(991, 4);
    guest.map.claimRun(300, 991);
    expect(296, 4);
    guest.map.claimRun(1, 296);
    expect(0, 1);
  }

  private void fault(final long page) {
    assertTrue(guest.map.claim(page));
    policy.onDemandFault(page);
  }

  private void expect(final long first, final long count) {
    assertTrue(policy.next(guest.run, 4 * Guest.PAGE));
    assertEquals(first, guest.run.firstPage());
    assertEquals(count, guest.run.pageCount());
    guest.map.claimRun(first, first + count);
  }
}
