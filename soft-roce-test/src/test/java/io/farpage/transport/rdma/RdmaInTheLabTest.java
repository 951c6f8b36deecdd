package io.farpage.transport.rdma;

import io.farpage.dirty.SoftDirtyTrackerTest;
import io.farpage.lab.Lab;
import io.farpage.lab.LabKernel;
import io.farpage.lab.LabSuite;
import io.farpage.lab.NestedGuestTest;
import io.farpage.lab.SoftRoceTest;
import io.farpage.lab.TwoHostsTest;
import io.farpage.linux.SoftDirtyTest;
import io.farpage.migration.RdmaAgentsTest;
import io.farpage.migration.RdmaMemoryTest;
import io.farpage.migration.RdmaMigrationTest;
import io.farpage.migration.RdmaWarmupTest;
import io.farpage.migration.StaleMemoryTest;
import io.farpage.migration.TwoHostFailureTest;
import io.farpage.migration.TwoHostMigrationTest;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** RDMA on a device, from verbs to a migration between two hosts, in the lab. */
@Tag("once")
class RdmaInTheLabTest {
  private static final int MEMORY_MIB = 3072;
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private static Lab oneHost(final LabKernel kernel) {
    return Lab.on(kernel).memoryMib(MEMORY_MIB).timeout(PATIENCE);
  }

  private static Lab twoHosts(final LabKernel kernel) {
    return Lab.on(kernel).hosts(2).timeout(PATIENCE);
  }

  @TestFactory
  Stream<DynamicNode> oneHost() throws IOException {
    return LabSuite.run(
        oneHost(LabKernel.V6_12),
        SoftRoceTest.class,
        NestedGuestTest.class,
        ConnectionTest.class,
        ReadTest.class,
        RdmaPageLaneTest.class,
        BrokenLaneTest.class,
        StrangersTest.class,
        StaleMemoryTest.class,
        RdmaAgentsTest.class,
        RdmaMigrationTest.class,
        RdmaWarmupTest.class,
        RdmaMemoryTest.class);
  }

  @TestFactory
  Stream<DynamicNode> oneHostWithTheOlderKernel() throws IOException {
    return LabSuite.run(
        oneHost(LabKernel.V6_1),
        SoftRoceTest.class,
        SoftDirtyTest.class,
        SoftDirtyTrackerTest.class,
        RdmaWarmupTest.class,
        RdmaMigrationTest.class);
  }

  @TestFactory
  Stream<DynamicNode> twoHosts() throws IOException {
    return LabSuite.run(
        twoHosts(LabKernel.V6_12),
        TwoHostFailureTest.class,
        // takes the link down
        TwoHostsTest.class);
  }

  @TestFactory
  Stream<DynamicNode> twoHostsWithTheOlderKernel() throws IOException {
    return LabSuite.run(twoHosts(LabKernel.V6_1), TwoHostMigrationTest.class);
  }
}
