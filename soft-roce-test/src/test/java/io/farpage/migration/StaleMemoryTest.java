package io.farpage.migration;

import static io.farpage.transport.rdma.RdmaRig.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import io.farpage.linux.RamFile;
import io.farpage.transport.Extents;
import io.farpage.transport.rdma.RdmaRig;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A page that the guest gives back after it was registered: READs go on bringing what it held, and
 * it is found out that this must not be trusted.
 */
@Tag("lab")
@Timeout(180)
public class StaleMemoryTest {
  private static final int PAGES = 64;
  private static final int FIRST = 10;
  private static final int REWRITTEN = 2;
  private static final int GIVEN_BACK = 4;

  @Test
  void givenBackPagesAreReadAsTheyWereUntilTheyAreFoundOut() throws Exception {
    final InetAddress address = InetAddress.getByName(System.getenv("FARPAGE_LAB_ADDRESS"));
    try (RdmaRig rig = new RdmaRig(address, 1, 16, PAGES * PAGE, PAGES * PAGE)) {
      // what the guest sees; the mapping that is registered must be touched by nobody
      final RamFile guest = rig.again(rig.sourceFile(0));
      final byte[] before = bytes(guest);
      final RdmaRig.Session session = rig.connect();
      final Extents whole = rig.pages(0, PAGES);
      session.register(whole);
      assertTrue(RegisteredPages.stale(whole, rig.source()).isEmpty());

      guest.punchHole(FIRST * PAGE, GIVEN_BACK * PAGE);
      final byte[] fresh = new byte[REWRITTEN * PAGE];
      new Random(1).nextBytes(fresh);
      new Pointer(guest.map()).write(FIRST * PAGE, fresh, 0, fresh.length);
      final byte[] now = bytes(guest);
      assertNotEquals(ByteBuffer.wrap(before), ByteBuffer.wrap(now));
      final Extents stale = RegisteredPages.stale(whole, rig.source());

      session.publish();
      assertTrue(rig.lane(0).tryRead(0, 0, PAGES * PAGE, 0));
      rig.drain((region, offset, length, cookie) -> {});
      assertEquals(PAGES * PAGE, rig.lane(0).oneSidedBytes());
      requireAt(before, rig);

      final Extents expected = rig.pages(FIRST, GIVEN_BACK);
      assertTrue(stale.minus(expected).isEmpty() && expected.minus(stale).isEmpty());
      session.destination().discard(stale);
      session.publish();
      for (int page = 0; page < PAGES; page++) {
        while (!rig.lane(0).tryRead(0, page * PAGE, PAGE, 0)) {
          rig.lane(0).poll((region, offset, length, cookie) -> {});
        }
      }
      rig.drain((region, offset, length, cookie) -> {});
      requireAt(now, rig);
      assertEquals(GIVEN_BACK * PAGE, rig.otherBytes());
      assertEquals((2 * PAGES - GIVEN_BACK) * PAGE, rig.lane(0).oneSidedBytes());
    }
  }

  private static void requireAt(final byte[] expected, final RdmaRig rig) throws IOException {
    assertEquals(ByteBuffer.wrap(expected), rig.seenBytes(0));
  }

  private static byte[] bytes(final RamFile file) throws IOException {
    return new Pointer(file.map()).getByteArray(0, PAGES * PAGE);
  }
}
