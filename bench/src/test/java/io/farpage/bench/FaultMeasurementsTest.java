package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.test.Needs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real faults of a real process, answered by C and by Farpage; how fast is not tested. */
@Timeout(180)
class FaultMeasurementsTest {
  private static final int FAULTS = 200;

  @BeforeEach
  void needRoot() {
    Needs.root();
  }

  @Test
  void aRoundMeasuresEachWayOnce() throws IOException {
    final Rounds rounds = new Rounds();
    try (Testbed testbed = Testbed.open();
        FaultMeasurements measurements =
            new FaultMeasurements(testbed, FAULTS, Placement.FREE, rounds)) {
      measurements.round();
      for (final FaultMeasurements.Waiting waiting : FaultMeasurements.Waiting.values()) {
        for (final String name : List.of(waiting.floor(), waiting.roundTrip())) {
          assertEquals(1, rounds.all().get(name + " p50").size());
          assertTrue(rounds.last(name + " p50") > 0);
          assertTrue(rounds.last(name + " p50") <= rounds.last(name + " max"));
        }
      }
      for (final String name :
          List.of(
              FaultMeasurements.LOCAL_FLOOR,
              FaultMeasurements.LOCAL,
              FaultMeasurements.FARPAGE,
              FaultMeasurements.FIRST,
              FaultMeasurements.LATER)) {
        assertTrue(rounds.last(name + " p50") > 0);
      }
    }
  }

  @Test
  void aProgramThatEndsTooEarlyIsNoted(@TempDir final Path directory) throws IOException {
    final NativeProgram server = NativeProgram.build(directory, "page_server", "floor.h");
    final NativeProgram trips = NativeProgram.build(directory, "page_round_trip", "floor.h");
    final Path missing = directory.resolve("missing");
    try (NativeProcess process = server.start(missing, 16)) {
      final IOException ended = assertThrows(IOException.class, () -> process.await("port"));
      assertTrue(ended.getMessage().contains("ended too early"), ended.getMessage());
    }
    try (NativeProcess process = trips.start("sometimes", 1, 16, 1)) {
      assertThrows(IOException.class, process::awaitNumbers);
    }
  }
}
