package io.farpage.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.prefetch.PageBits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageSetFrameTest {
  private static final int PAGES = 3 * PageSetFrame.MAX_PAGES + 77;

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.00001, 0.01, 0.3, 0.99, 1})
  void aSetArrivesAsItWas(final double density) throws Exception {
    final PageBits pages = PageBits.allocate(PAGES);
    final Random random = new Random(3);
    for (int page = 0; page < PAGES; page++) {
      if (random.nextDouble() < density) {
        pages.set(page);
      }
    }
    final List<byte[]> payloads = send(pages, 1234, false);
    final long bytes = payloads.stream().mapToLong(p -> p.length).sum();
    assertTrue(bytes <= PAGES / 8 + 32L * payloads.size(), "no more than a bit a page: " + bytes);
    final PageBits received = PageBits.allocate(PAGES);
    for (int i = 0; i < payloads.size(); i++) {
      final PageSetFrame frame = PageSetFrame.decode(payloads.get(i));
      assertEquals(i == payloads.size() - 1, frame.last());
      frame.addTo(received);
      if (frame.last()) {
        assertEquals(1234, frame.elapsedNs());
        assertFalse(frame.doubtful());
      }
    }
    for (int page = 0; page < PAGES; page++) {
      assertEquals(pages.get(page), received.get(page));
    }
  }

  @Test
  void fewPagesTakeFewBytes() throws Exception {
    final PageBits pages = PageBits.allocate(PAGES);
    pages.setRange(1000, 50_000);
    pages.set(PAGES - 1);
    final long bytes = send(pages, 0, false).stream().mapToLong(p -> p.length).sum();
    assertTrue(bytes < 100, "bytes: " + bytes);
  }

  @Test
  void doubtIsTold() throws Exception {
    final List<byte[]> payloads = send(PageBits.allocate(PAGES), 0, true);
    assertEquals(1, payloads.size());
    assertTrue(PageSetFrame.decode(payloads.get(0)).doubtful());
  }

  @Test
  void whatIsMalformedIsRefused() {
    assertThrows(ProtocolException.class, () -> PageSetFrame.decode(new byte[23]));
    requireRefused(0, PAGES + 1, 2);
    requireRefused(-1, 10, 2);
    requireRefused(PAGES, 1, 2);
    requireRefused(0, -1, 2);
    requireRefused(0, 64, 0); // a bitmap without bits
    requireRefused(0, 64, 0, -1, -1, -1, -1, -1, -1, -1); // and one that is too short
    requireRefused(0, 3, 0, 8, 0, 0, 0, 0, 0, 0, 0); // a page behind the part
    requireRefused(0, 10, 2, 5, 6); // a run beyond the part
    requireRefused(0, 10, 2, 5); // half a run
    requireRefused(0, 10, 2, -1, -1, -1, -1, -1, -1); // a number without an end
  }

  private static void requireRefused(
      final long first, final int count, final int flags, final int... body) {
    final ByteBuffer payload = ByteBuffer.allocate(24 + body.length);
    payload.putLong(first).putInt(count).putInt(flags).putLong(0);
    for (final int each : body) {
      payload.put((byte) each);
    }
    assertThrows(
        ProtocolException.class,
        () -> PageSetFrame.decode(payload.array()).addTo(PageBits.allocate(PAGES)));
  }

  private static List<byte[]> send(
      final PageBits pages, final long elapsedNs, final boolean doubtful) throws Exception {
    final List<byte[]> payloads = new ArrayList<>();
    try (ChannelPair pair = ChannelPair.open()) {
      final Thread receiver =
          new Thread(
              () -> {
                try {
                  while (true) {
                    final byte[] payload = pair.far().receive().payload();
                    payloads.add(payload);
                    if (PageSetFrame.decode(payload).last()) {
                      return;
                    }
                  }
                } catch (final java.io.IOException e) {
                  throw new AssertionError(e);
                }
              });
      receiver.start();
      PageSetFrame.send(pair.near(), FrameType.UNCLEAN_PAGES, pages, elapsedNs, doubtful);
      receiver.join();
    }
    return payloads;
  }
}
