package io.farpage.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.transport.rdma.RdmaDevice;
import io.farpage.transport.rdma.RdmaDevices;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the doctor says about RDMA on this host, whatever it has. */
class RdmaFindingsTest {
  private final List<Finding> findings = RdmaFindings.examine();

  @Test
  void withoutRdmaThereIsAMigrationAllTheSame() {
    for (final Finding finding : findings) {
      assertNotEquals(Finding.Grade.MISSING, finding.grade(), finding.text());
      assertEquals(
          finding.grade() == Finding.Grade.GOOD, finding.remedy().isEmpty(), finding.text());
      assertFalse(finding.text().contains("\n"), finding.text());
    }
  }

  @Test
  void theLibraryComesFirst() {
    final String first = findings.get(0).text();
    assertTrue(first.startsWith("RDMA library: ") || first.contains("lib"), first);
  }

  @Test
  void everyDeviceIsNamedOrItIsSaidHowToGetOne() {
    final List<RdmaDevice> devices = RdmaDevices.list();
    if (devices.isEmpty()) {
      assertEquals(2, findings.size(), findings::toString);
      final Finding none = findings.get(1);
      assertEquals("RDMA: no device", none.text());
      assertTrue(none.remedy().startsWith("TCP is used"), none.remedy());
      assertTrue(none.remedy().contains("rdma link add rxe0 type rxe"), none.remedy());
    }
    for (final RdmaDevice device : devices) {
      assertTrue(
          findings.stream()
              .anyMatch(finding -> finding.text().startsWith("RDMA device " + device.name())),
          findings::toString);
    }
  }
}
