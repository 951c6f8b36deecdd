package io.farpage.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.transport.rdma.RemoteExtent;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryFrameTest {
  @Test
  void whatWasEncodedIsDecoded() throws Exception {
    final MemoryFrame frame =
        new MemoryFrame(
            7,
            MemoryFrame.END | MemoryFrame.ALL,
            List.of(
                new RemoteExtent(0, 4096, 1 << 30, 0x7fff_0000_1000L, 0x8000_0001),
                new RemoteExtent(1, 0, 4096, -4096, 2)));
    final MemoryFrame decoded = MemoryFrame.decode(frame.encode());
    assertEquals(frame, decoded);
    assertTrue(decoded.is(MemoryFrame.ALL));
    assertFalse(decoded.is(MemoryFrame.VERIFIED));
  }

  @Test
  void aFullFrameFitsInAPayload() {
    final RemoteExtent extent = new RemoteExtent(0, 0, 4096, 0, 0);
    final byte[] payload =
        new MemoryFrame(0, 0, Collections.nCopies(MemoryFrame.MAX_EXTENTS, extent)).encode();
    assertTrue(payload.length <= ControlChannel.MAX_PAYLOAD_BYTES);
  }

  @Test
  void oddLengthsAreRefused() {
    for (final int length : new int[] {0, 7, 9, 39, 41}) {
      assertThrows(ProtocolException.class, () -> MemoryFrame.decode(new byte[length]));
    }
  }
}
