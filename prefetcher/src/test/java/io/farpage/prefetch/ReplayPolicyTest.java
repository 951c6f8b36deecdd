package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ReplayPolicyTest {
  private final Guest guest = new Guest(10_000);

  @Test
  void pagesComeInTheOrderOfTheRecordingAndThenTheSweep() {
    final ReplayPolicy policy = recorded(900, 500, 100);
    expect(policy, 900, 1);
    expect(policy, 500, 1);
    expect(policy, 100, 1);
    expect(policy, 0, 16);
  }

  @Test
  void neighboursThatAreNearInTheRecordingComeInOneRun() {
    final ReplayPolicy policy = recorded(500, 502, 498, 507, 513);
    // four pages may lie between: 502 and 507, but not 507 and 513
    expect(policy, 498, 10);
    expect(policy, 513, 1);
  }

  @Test
  void neighboursThatAreFarApartInTheRecordingDoNot() {
    final long[] pages = new long[2000];
    pages[0] = 500;
    for (int i = 1; i < 1999; i++) {
      pages[i] = 1000 + 8L * (i % 900);
    }
    pages[1999] = 501;
    expect(new ReplayPolicy(guest.missing, new RecordedFaults(guest.space, pages)), 500, 1);
  }

  @Test
  void aRunHasNoPageThatIsHere() {
    final ReplayPolicy policy = recorded(500, 501, 503);
    guest.map.claim(502);
    expect(policy, 500, 2);
    expect(policy, 503, 1);
  }

  @Test
  void whatThisGuestDoesNotHaveIsIgnoredAndCounted() {
    final RecordedFaults faults =
        new RecordedFaults(guest.space, new long[] {20_000, 7, -1, 7, 10_000, 9_999});
    assertEquals(3, faults.ignoredCount());
    assertEquals(2, faults.pageCount());
    final ReplayPolicy policy = new ReplayPolicy(guest.missing, faults);
    expect(policy, 7, 1);
    expect(policy, 9_999, 1);
    expect(policy, 0, 7);
  }

  @Test
  void aGuestThatIsAheadIsFollowedAndWhatWasLeftOutComesLater() {
    final long[] pages = new long[900];
    for (int i = 0; i < pages.length; i++) {
      pages[i] = 10L * i;
    }
    final ReplayPolicy policy =
        new ReplayPolicy(guest.missing, new RecordedFaults(guest.space, pages));
    expect(policy, 0, 1);
    guest.map.claim(5000);
    policy.onDemandFault(5000);
    expect(policy, 10, 1); // one fault may be chance
    guest.map.claim(5010);
    policy.onDemandFault(5010);
    expect(policy, 5020, 1);
    guest.map.claimRun(5021, 10_000);
    expect(policy, 20, 1);
  }

  private ReplayPolicy recorded(final long... pages) {
    return new ReplayPolicy(guest.missing, new RecordedFaults(guest.space, pages));
  }

  private void expect(final ReplayPolicy policy, final long first, final long count) {
    assertTrue(policy.next(guest.run, 16 * Guest.PAGE));
    assertEquals(first, guest.run.firstPage());
    assertEquals(count, guest.run.pageCount());
    guest.map.claimRun(first, first + count);
  }
}
