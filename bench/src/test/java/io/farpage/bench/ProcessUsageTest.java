package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ProcessUsageTest {
  private static final long SELF = ProcessHandle.current().pid();

  @Test
  void processorTimeIsThatOfTheKernel() throws IOException {
    final double before = ProcessUsage.cpuSeconds(SELF);
    final long end = System.nanoTime() + 300_000_000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    final double after = ProcessUsage.cpuSeconds(SELF);
    assertTrue(after > before, before + " " + after);
    final double java =
        ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis() / 1e3;
    assertEquals(java, after, 0.5);
    // the first thread of a Java machine only starts it
    assertTrue(ProcessUsage.cpuSeconds(SELF, SELF) <= after);
  }

  @Test
  void whatIsTakenIsResident() throws IOException {
    final int bytes = 64 << 20;
    final long before = ProcessUsage.residentBytes(SELF);
    final ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
    for (int i = 0; i < bytes; i += 4096) {
      buffer.put(i, (byte) 1);
    }
    assertEquals(bytes, ProcessUsage.residentBytes(SELF) - before, 32e6);
    assertEquals(1, buffer.get(0));
  }

  @Test
  void aProcessThatHasEndedHasNothing() {
    assertThrows(IOException.class, () -> ProcessUsage.cpuSeconds(Integer.MAX_VALUE));
  }
}
