package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.farpage.linux.MemFd;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.PagemapScan;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernel does to this process's page table when a page is given back. */
class RegisteredPagesTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void pagesGivenBackAndTakenAgainAreStale(final boolean byScan) throws Exception {
    assumeTrue(!byScan || PagemapScan.isSupported());
    try (RamFile registered = RamFile.adopt(MemFd.create("registered", (long) PAGES * PAGE), true);
        RamFile guest = RamFile.open(Path.of("/proc/self/fd/" + registered.fd()), true)) {
      final LocalMemory memory =
          new LocalMemory(new long[] {registered.map()}, new long[] {(long) PAGES * PAGE});
      final Extents whole = new Extents(1);
      whole.add(0, 10 * PAGE, 900 * PAGE);
      // as registering does, for writing
      for (int page = 10; page < 910; page++) {
        touch(registered.map() + (long) page * PAGE);
      }
      assertTrue(RegisteredPages.stale(whole, memory, byScan).isEmpty());

      guest.punchHole(100 * PAGE, PAGE);
      guest.punchHole(200 * PAGE, 20 * PAGE);
      guest.punchHole(909 * PAGE, PAGE);
      // the guest takes some of them again: for this mapping they stay away
      touch(guest.map() + 100 * PAGE);
      touch(guest.map() + 210 * PAGE);

      final Extents expected = new Extents(1);
      expected.add(0, 100 * PAGE, PAGE);
      expected.add(0, 200 * PAGE, 20 * PAGE);
      expected.add(0, 909 * PAGE, PAGE);
      final Extents stale = RegisteredPages.stale(whole, memory, byScan);
      assertTrue(stale.minus(expected).isEmpty());
      assertTrue(expected.minus(stale).isEmpty());
      assertEquals(22L * PAGE, stale.totalBytes());
    }
  }

  private static void touch(final long address) throws IOException {
    final int[] pair = SocketIo.pair();
    try (NativeBuffer one = NativeBuffer.allocate(1)) {
      SocketIo.send(pair[0], one.address(), 1, 0);
      assertEquals(1, SocketIo.recv(pair[1], address, 1, 0));
    } finally {
      SocketIo.close(pair[0]);
      SocketIo.close(pair[1]);
    }
  }
}
