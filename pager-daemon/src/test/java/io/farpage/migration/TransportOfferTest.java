package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.control.TlsCredentials;
import io.farpage.control.Wire;
import io.farpage.migration.TestCredentials.KeyFormat;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which transports a side offers that has no RDMA, and what it says about that. */
class TransportOfferTest {
  /** Of no host (RFC 5737): no device has it, and there is no way to it. */
  private static final String NOWHERE = "192.0.2.1";

  private static TransportOffer source(final TransportPolicy policy, final Wire wire)
      throws Exception {
    return TransportOffer.ofSource(policy, wire, InetAddress.getByName(NOWHERE));
  }

  private static TransportOffer destination(final TransportPolicy policy, final Wire wire)
      throws Exception {
    return TransportOffer.ofDestination(policy, wire, new InetSocketAddress("127.0.0.1", 1));
  }

  private static Wire encrypted(final Path directory) throws Exception {
    return Wire.tls(
        TlsCredentials.forServer(
            TestCredentials.make(directory, "ours", KeyFormat.ELLIPTIC_CURVE)));
  }

  @Test
  void whoWantsTcpDoesNotLookForADevice() throws Exception {
    final TransportOffer offer = source(TransportPolicy.TCP, Wire.plain(true));
    assertEquals(List.of("tcp"), offer.names());
    assertEquals("this side has --transport tcp", offer.why());
  }

  @Test
  void withoutADeviceAutoIsTcpAndSaysWhy() throws Exception {
    final TransportOffer offer = source(TransportPolicy.AUTO, Wire.plain(true));
    assertEquals(List.of("tcp"), offer.names());
    assertTrue(offer.why().startsWith("no RDMA on this side: "), offer.why());
    assertTrue(offer.why().length() > "no RDMA on this side: ".length(), offer.why());
    assertFalse(offer.why().contains("\n"), offer.why());
  }

  @Test
  void withoutADeviceRdmaIsRefusedWithOneLine() {
    final MigrationException refused =
        assertThrows(
            MigrationException.class, () -> source(TransportPolicy.RDMA, Wire.plain(true)));
    assertEquals(Outcome.REFUSED, refused.outcome());
    assertTrue(refused.getMessage().startsWith("--transport rdma: "), refused.getMessage());
    assertTrue(refused.getMessage().contains("farpage doctor"), refused.getMessage());
    assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
  }

  /** What it reads is in the clear. */
  @Test
  void onAnEncryptedWireAutoIsTcp(@TempDir final Path directory) throws Exception {
    final Wire wire = encrypted(directory);
    for (final TransportOffer offer :
        List.of(source(TransportPolicy.AUTO, wire), destination(TransportPolicy.AUTO, wire))) {
      assertEquals(List.of("tcp"), offer.names());
      assertTrue(offer.why().startsWith("RDMA does not encrypt"), offer.why());
    }
    assertEquals(List.of("tcp"), source(TransportPolicy.TCP, wire).names());
    // who insists is asked for a device, not for a wire
    final MigrationException refused =
        assertThrows(MigrationException.class, () -> source(TransportPolicy.RDMA, wire));
    assertFalse(refused.getMessage().contains("encrypt"), refused.getMessage());
  }

  @ParameterizedTest
  @EnumSource(names = "TCP", mode = EnumSource.Mode.EXCLUDE)
  void theWayToTheSourceIsLookedFor(final TransportPolicy policy) throws Exception {
    // no device serves the loopback interface
    if (policy == TransportPolicy.RDMA) {
      assertEquals(
          Outcome.REFUSED,
          assertThrows(MigrationException.class, () -> destination(policy, Wire.plain(true)))
              .outcome());
    } else {
      assertEquals(List.of("tcp"), destination(policy, Wire.plain(true)).names());
    }
  }

  @Test
  void theReasonIsThatOfWhoeverHasOne() {
    assertEquals("transport rdma", TransportOffer.describe("rdma", "", "the source", ""));
    assertEquals(
        "transport tcp (no cable here)",
        TransportOffer.describe("tcp", "no cable here", "the source", "no cable there"));
    assertEquals(
        "transport tcp (the source: no cable there)",
        TransportOffer.describe("tcp", "", "the source", "no cable there"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tcp", "rdma"})
  void aPeerThatGivesNoReasonIsNotQuoted(final String transport) {
    assertEquals(
        "transport " + transport, TransportOffer.describe(transport, "", "the source", null));
  }
}
