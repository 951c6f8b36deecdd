package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("once")
class WriterGuestVerifierTest {
  private static final int RAM_BYTES = 8 << 20;
  private static final int FIRST_PAGE = 256;
  private static final int PAGES_PER_CPU = 300;

  @TempDir Path directory;
  private WriterGuest guest;
  private SimulatedWriter memory;

  @BeforeEach
  void bootSequentialGuest() throws IOException {
    boot(WritePattern.SEQUENTIAL, 1);
  }

  private void boot(WritePattern pattern, int cpus) throws IOException {
    guest =
        WriterGuest.builder(MachineType.PC, RAM_BYTES)
            .pattern(pattern)
            .range(FIRST_PAGE << 12, (long) cpus * PAGES_PER_CPU << 12)
            .cpus(cpus)
            .seed(4711)
            .build();
    memory = new SimulatedWriter(guest, RAM_BYTES, directory.resolve("image"));
  }

  private WriterVerification verify() {
    return new WriterGuestVerifier(guest).verify(memory);
  }

  private void assertWrong(int page, String message) {
    WriterVerification found = verify();
    assertFalse(found.isGood());
    assertEquals(
        String.format("page 0x%x: %s", page, message), found.mismatches().get(0).toString());
  }

  @ParameterizedTest
  @EnumSource
  void everyPatternIsReplayedAtAnyStep(WritePattern pattern) throws IOException {
    Random random = new Random(1);
    for (int cpus = 1; cpus <= 3; cpus++) {
      boot(pattern, cpus);
      long steps = 0;
      for (int i = 0; i < 40; i++) {
        WriterVerification found = verify().orThrow();
        assertEquals(cpus * PAGES_PER_CPU, found.pagesVerified());
        assertEquals(steps * cpus, found.steps());
        int more = random.nextInt(100);
        memory.run(more);
        steps += more;
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStepInFlightIsAllowedOnItsOwnPageOnly(WritePattern pattern) throws IOException {
    boot(pattern, 2);
    for (int steps = 0; steps < 700; steps += 29) {
      memory.halfStep(0);
      int page = memory.halfStep(1);
      verify().orThrow();
      int counter = page * 4096 + 4 * SimulatedWriter.counter(page);
      memory.ram.putInt(counter, memory.ram.getInt(counter) + 1);
      assertEquals(page * 4096L, verify().mismatches().get(0).gpa());
      boot(pattern, 2);
      memory.run(steps);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IDLE")
  void aLostWriteIsFoundInThePartOfEveryCursor(WritePattern pattern) throws IOException {
    boot(pattern, 2);
    memory.run(20_000);
    for (int cpu = 0; cpu < guest.cpus(); cpu++) {
      for (WriterCursor cursor : guest.cursors(cpu)) {
        int page = cursor.firstPage() + cursor.count() / 2;
        int counter = page * 4096 + 4 * SimulatedWriter.counter(page);
        int written = memory.ram.getInt(counter);
        memory.ram.putInt(counter, written - 1);
        assertWrong(
            page,
            String.format("counter is %d, the guest wrote %d: 1 write lost", written - 1, written));
        memory.ram.putInt(counter, written);
      }
    }
    verify().orThrow();
  }

  @Test
  void everySingleByteCounts() {
    memory.run(1000);
    for (int offset = 0; offset < 4096; offset++) {
      int at = 300 * 4096 + offset;
      memory.ram.put(at, (byte) (memory.ram.get(at) ^ 0x40));
      assertEquals(1, verify().mismatchedPages(), "offset " + offset);
      memory.ram.put(at, (byte) (memory.ram.get(at) ^ 0x40));
    }
    verify().orThrow();
  }

  @Test
  void oneWrongByteIsNamed() {
    memory.run(1000);
    int at = 300 * 4096 + 100;
    memory.ram.put(at, (byte) ~memory.ram.get(at));
    assertWrong(
        300,
        String.format(
            "1 bytes differ, the first at offset 0x64: is 0x%02x, must be 0x%02x",
            memory.ram.get(at), ~memory.ram.get(at) & 0xff));
  }

  @Test
  void aPageRestoredToAnOldVersionHasLostWrites() {
    memory.run(7 * 300);
    byte[] old = new byte[4096];
    memory.ram.get(280 * 4096, old);
    memory.run(2 * 300);
    memory.ram.put(280 * 4096, old);
    assertWrong(280, "counter is 7, the guest wrote 9: 2 writes lost");
  }

  @Test
  void aCounterAheadIsOneTooMany() {
    memory.run(3 * 300 + 1);
    int counter = 500 * 4096 + 4 * SimulatedWriter.counter(500);
    memory.ram.putInt(counter, 4);
    assertWrong(500, "counter is 4, the guest wrote 3: 1 too many");
  }

  @Test
  void swappedPagesAreRecognized() {
    memory.run(1234);
    byte[] one = new byte[4096];
    byte[] other = new byte[4096];
    memory.ram.get(400 * 4096, one).get(401 * 4096, other);
    memory.ram.put(400 * 4096, other).put(401 * 4096, one);
    assertWrong(400, "holds the content of page 0x191");
    assertEquals(2, verify().mismatchedPages());
  }

  @Test
  void aZeroPageIsRecognized() {
    memory.run(1234);
    memory.ram.put(400 * 4096, new byte[4096]);
    assertWrong(400, "is all zeros");
  }

  @Test
  void aLostControlPageIsAProblem() {
    memory.run(10);
    memory.ram.put(0x10000, new byte[4096]);
    WriterVerification found = verify();
    assertFalse(found.isGood());
    assertTrue(found.toString().contains("control page"), found.toString());
  }

  @Test
  void aControlBlockOfWhichPartIsLostIsAProblem() throws IOException {
    boot(WritePattern.ZIPF, 1);
    memory.run(1000);
    int slot = memory.ram.getInt(0x11000);
    for (int offset : new int[] {0, 7, 8, 16, 20, 128, 132}) {
      memory.ram.put(slot + offset, (byte) (memory.ram.get(slot + offset) ^ 0x80));
      assertFalse(verify().problems().isEmpty(), "offset " + offset);
      memory.ram.put(slot + offset, (byte) (memory.ram.get(slot + offset) ^ 0x80));
    }
    verify().orThrow();
  }

  @Test
  void anOldControlBlockMakesPagesWrong() {
    memory.run(10);
    byte[] old = new byte[4096];
    memory.ram.get(0x11000, old);
    memory.run(3);
    memory.ram.put(0x11000, old);
    WriterVerification found = verify();
    assertFalse(found.isGood());
    assertEquals(2, found.mismatchedPages(), found::toString);
  }

  @Test
  void whatTheGuestFoundIsReported() {
    memory.ram.putInt(0x10010, 2).putInt(0x10014, 0x123).putInt(0x10018, 9).putInt(0x1001c, 7);
    memory.ram.putInt(0x10020, 0x11000);
    assertEquals(
        "the guest itself (CPU 0) found page 0x123 wrong: counter is 0x7, must be 0x9",
        verify().problems().get(0));
  }

  @Test
  void aGuestThatStillFillsIsVerifiedAsFarAsItGot() {
    memory.ram.putInt(0x11004, 1).putInt(0x11008, 100);
    memory.ram.put((FIRST_PAGE + 100) * 4096, new byte[4096]);
    WriterVerification found = verify().orThrow();
    assertEquals(100, found.pagesVerified());
    assertEquals(0, found.steps());
  }
}
