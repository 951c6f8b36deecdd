package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ResidentMemoryTest {
  private static final long LENGTH_BYTES = 16 << 20;

  @Test
  void memoryIsLockedOnceItIsUsedExceptWhatIsLeftOut() throws IOException {
    Assumptions.assumeTrue(
        ProcessStatus.self().hasCapability(ProcessStatus.CAP_IPC_LOCK), "no CAP_IPC_LOCK");
    try (RamFile guest = RamFile.adopt(MemFd.create("farpage-guest", LENGTH_BYTES), true);
        RamFile other = RamFile.adopt(MemFd.create("farpage-other", LENGTH_BYTES), true)) {
      final long guestAddress = guest.map();
      final long otherAddress = other.map();
      final ResidentMemory.Outcome outcome =
          ResidentMemory.lock(mapping -> mapping.path().contains("farpage-guest"));
      try {
        assertEquals(0, outcome.errno(), outcome::toString);
        assertTrue(outcome.lockedBytes() > LENGTH_BYTES, outcome::toString);
        assertTrue(isLocked(otherAddress));
        assertTrue(!isLocked(guestAddress));
        assertEquals(LENGTH_BYTES, other.nextData(0), "locking fills nothing");
      } finally {
        ResidentMemory.unlock();
      }
      assertTrue(!isLocked(otherAddress));
    }
  }

  /** Its VmFlags have "lo". */
  private static boolean isLocked(final long address) throws IOException {
    final List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
    final String start = Long.toHexString(address) + "-";
    boolean inside = false;
    for (final String line : lines) {
      if (line.matches("^[0-9a-f]+-[0-9a-f]+ .*")) {
        inside = line.startsWith(start);
      } else if (inside && line.startsWith("VmFlags:")) {
        return line.matches(".* lo( .*|$)");
      }
    }
    throw new IOException("no mapping at " + start);
  }
}
