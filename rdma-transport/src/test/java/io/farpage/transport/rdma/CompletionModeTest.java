package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** For how long a lane polls before it sleeps. */
class CompletionModeTest {
  @Test
  void aDeviceInSoftwareGetsTheProcessor() {
    assertEquals(0, CompletionMode.AUTO.spinNs(true));
  }

  @Test
  void anAdapterIsPolledForAboutAsLongAsAPageTakes() {
    final long spinNs = CompletionMode.AUTO.spinNs(false);
    assertTrue(spinNs > 1_000 && spinNs < 1_000_000, spinNs + " ns");
  }

  @Test
  void theOperatorsWishCountsOnEveryDevice() {
    for (final boolean software : new boolean[] {true, false}) {
      assertEquals(0, CompletionMode.EVENTS.spinNs(software));
      assertEquals(Long.MAX_VALUE, CompletionMode.POLLING.spinNs(software));
    }
  }
}
