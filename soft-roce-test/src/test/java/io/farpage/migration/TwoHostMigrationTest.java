package io.farpage.migration;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real guest moves from one host to another over RDMA. */
@Tag("lab")
@Timeout(600)
public class TwoHostMigrationTest extends TwoHostMigration {
  @Test
  void everythingArrives() throws Exception {
    startDestination(startSource(0, RDMA), RDMA);
    requireMostOneSided(requireDone());
    requireSaid("transport rdma");
  }
}
