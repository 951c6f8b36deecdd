package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DaemonMemoryTest {
  @Test
  void theGuestsMemoryIsNotTheDaemons() {
    final Stream<String> smaps =
        Stream.of(
            "55d0c0000000-55d0c0010000 r--p 00000000 fe:00 1 /usr/bin/java",
            "Size:                 64 kB",
            "Rss:                  60 kB",
            "Pss:                  60 kB",
            "VmFlags: rd mr mw me",
            "7f0000000000-7f0020000000 rw-s 00000000 00:1a 7 /dev/shm/farpage-bench-1/vm1/ram",
            "Size:             524288 kB",
            "Rss:              524288 kB",
            "VmFlags: rd wr sh",
            "a0000000-a0010000 rw-p 00000000 00:00 0 ",
            "Rss:                   4 kB");
    assertEquals(64 << 10, DaemonMemory.residentBytes(smaps));
  }
}
