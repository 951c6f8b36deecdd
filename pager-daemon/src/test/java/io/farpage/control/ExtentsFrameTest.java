package io.farpage.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtentsFrameTest {
  @Test
  void whatIsEncodedIsDecoded() throws ProtocolException {
    final long[] extents = {0, 4096, 1L << 40, 3L << 30};
    final ExtentsFrame frame = ExtentsFrame.decode(new ExtentsFrame(3, true, extents).encode());
    assertEquals(3, frame.region());
    assertTrue(frame.last());
    assertEquals(2, frame.count());
    assertEquals(1L << 40, frame.offsetBytes(1));
    assertEquals(3L << 30, frame.lengthBytes(1));
    assertFalse(ExtentsFrame.decode(new ExtentsFrame(0, false, new long[0]).encode()).last());
  }

  @Test
  void theFullestFrameIsNotTooLong() {
    final byte[] payload =
        new ExtentsFrame(0, false, new long[2 * ExtentsFrame.MAX_EXTENTS]).encode();
    assertTrue(payload.length <= ControlChannel.MAX_PAYLOAD_BYTES);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 9, 16, 23, 25})
  void oddLengthsAreRefused(final int length) {
    assertThrows(ProtocolException.class, () -> ExtentsFrame.decode(new byte[length]));
  }
}
