package io.farpage.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigins;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FaultRecordingTest {
  private static final int PAGES = 1000;
  private static final long BEGIN = 5_000_000;

  private final PageMap map = new PageMap(PageBits.allocate(PAGES));
  private final PageOrigins origins = new PageOrigins(PAGES);

  @TempDir private Path directory;
  private Path file;
  private FaultRecording recording;

  @BeforeEach
  void record() throws IOException {
    file = directory.resolve("guest.faults");
    recording =
        FaultRecording.start(
            file, List.of(new TraceRegion("mem", PAGES * 4096L, 4096)), map, origins);
  }

  @Test
  void faultsAreKeptInTheirOrderWithWhatTheyWereOn() throws IOException {
    origins.addData(0, 900);
    map.claimRun(0, 100);
    map.markReceived(0, 100);
    origins.complete();
    recording.begin(BEGIN);
    map.claim(200);
    recording.onResume(BEGIN + 500);
    recording.record(300, BEGIN + 1000);
    recording.record(200, BEGIN + 1500);
    recording.record(50, BEGIN + 2000);
    recording.record(950, BEGIN + 9000);
    map.claimRun(100, 900);
    map.markReceived(100, 800);
    assertEquals(0, recording.complete(33_000, null));
    final FaultTrace trace = FaultTrace.read(file);
    assertEquals(4, trace.count());
    requireFault(trace, 0, 300, FaultKind.DEMAND, 1000);
    requireFault(trace, 1, 200, FaultKind.IN_FLIGHT, 1500);
    requireFault(trace, 2, 50, FaultKind.LOCAL, 2000);
    requireFault(trace, 3, 950, FaultKind.HOLE, 9000);
    assertEquals(900, trace.data().count());
    assertEquals(800, trace.missing().count());
    assertEquals(100, trace.missing().nextSet(0, PAGES));
    assertEquals(500, trace.resumeNs());
    assertEquals(33_000, trace.serviceNs());
  }

  @Test
  void whatComesTooFastIsCounted() throws IOException {
    origins.complete();
    recording.begin(BEGIN);
    final int faults = 3_000_000;
    for (int i = 0; i < faults; i++) {
      recording.record(i % PAGES, BEGIN + i * 100L);
    }
    final long lost = recording.complete(0, null);
    final FaultTrace trace = FaultTrace.read(file);
    assertEquals(faults, trace.count() + lost);
    assertEquals(lost, trace.lostCount());
    assertTrue(trace.count() > 1000, trace.count() + " were kept");
  }

  @Test
  void anOlderRecordingStaysUntilTheNewOneIsWhole() throws IOException {
    final byte[] older = {1, 2, 3};
    Files.write(file, older);
    recording.begin(BEGIN);
    recording.record(1, BEGIN);
    // where data is has not become known
    assertThrows(IOException.class, () -> recording.complete(0, null));
    recording.close();
    requireOnly(older);
  }

  @Test
  void nothingIsLeftOfARecordingThatIsNotCompleted() throws IOException {
    recording.begin(BEGIN);
    recording.record(1, BEGIN);
    recording.close();
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void aWholeRecordingReplacesAnOlderOne() throws IOException {
    Files.write(file, new byte[] {1, 2, 3});
    origins.complete();
    recording.begin(BEGIN);
    recording.complete(0, null);
    assertEquals(0, FaultTrace.read(file).count());
    assertFalse(Files.exists(directory.resolve("guest.faults.part")));
  }

  @Test
  void recordingAllocatesNothing() throws IOException {
    origins.complete();
    recording.begin(BEGIN);
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    recording.record(1, BEGIN);
    final int faults = 100_000;
    final long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < faults; i++) {
      recording.record(i % PAGES, BEGIN + i);
    }
    final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertEquals(0, allocated / faults, allocated + " bytes");
    recording.close();
  }

  private void requireOnly(final byte[] content) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(List.of(file), files.toList());
    }
    assertEquals(content.length, Files.size(file));
  }

  private static void requireFault(
      final FaultTrace trace,
      final int number,
      final long page,
      final FaultKind kind,
      final long timeNs) {
    assertEquals(page, trace.page(number));
    assertEquals(kind, trace.kind(number));
    assertEquals(timeNs, trace.timeNs(number));
  }
}
