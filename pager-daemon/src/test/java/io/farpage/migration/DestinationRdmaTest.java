package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.control.ExtentsFrame;
import io.farpage.control.Frame;
import io.farpage.control.FrameType;
import io.farpage.control.LaneCounts;
import io.farpage.control.MemoryFrame;
import io.farpage.control.ProtocolException;
import io.farpage.control.RdmaMessage;
import io.farpage.control.RdmaMessage.Step;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.rdma.CompletionMode;
import io.farpage.transport.rdma.RemoteExtent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a source says about RDMA, the destination goes on, with TCP; no device is needed. */
@Timeout(120)
class DestinationRdmaTest {
  private static final long PAGE = 4096;
  private static final String KEY = "00112233445566778899aabbccddeeff";

  private final Inbox inbox = new Inbox();
  private final LinkedBlockingQueue<String> messages = new LinkedBlockingQueue<>();
  private ControlPair control;
  private DestinationRdma rdma;

  @BeforeEach
  void askForASession() throws Exception {
    control = new ControlPair();
    rdma =
        new DestinationRdma(
            control.tested(),
            new LocalMemory(new long[] {PAGE}, new long[] {16 * PAGE}),
            List.of(),
            new LaneCounts(1, 1),
            new int[] {8, 8},
            CompletionMode.AUTO,
            false,
            inbox,
            new MigrationListener() {
              @Override
              public void onMessage(final String message) {
                messages.add(message);
              }
            });
    rdma.start();
    assertEquals(RdmaMessage.request(1), control.next());
  }

  @AfterEach
  void close() {
    rdma.close();
    control.close();
  }

  private void say(final RdmaMessage message) throws IOException {
    rdma.onFrame(new Frame(FrameType.RDMA, new ObjectMapper().writeValueAsBytes(message)));
  }

  private static RdmaMessage listening(final int session, final Integer port, final String key) {
    return new RdmaMessage(session, Step.LISTENING, port, key, null);
  }

  /** Requires that there will be no RDMA, and that the source hears why unless it said so. */
  private void requireGivenUp(final String why) throws Exception {
    final RdmaMessage told = control.next();
    assertEquals(Step.FAILED, told.step());
    assertEquals(1, told.session());
    assertTrue(told.why().contains(why), told.why());
    assertEquals(new Signal.RdmaSettled(told.why()), inbox.poll(60_000));
  }

  @Test
  void aSourceWithoutAnAddressIsGivenUp() throws Exception {
    say(listening(1, null, KEY));
    requireGivenUp("malformed");
  }

  @Test
  void aSourceWithoutAKeyIsGivenUp() throws Exception {
    say(listening(1, 4791, null));
    requireGivenUp("malformed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "00", "x", KEY + "00"})
  void aSourceWithAMalformedKeyIsGivenUp(final String key) throws Exception {
    say(listening(1, 4791, key));
    requireGivenUp("malformed session key");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65536})
  void aPortThatIsNoneIsGivenUp(final int port) throws Exception {
    say(listening(1, port, KEY));
    requireGivenUp("port");
  }

  @Test
  void aSourceThatCannotBeConnectedToIsGivenUp() throws Exception {
    // no device serves the loopback interface
    say(listening(1, 4791, KEY));
    requireGivenUp("");
  }

  @Test
  void aSourceThatAsksIsGivenUp() throws Exception {
    say(RdmaMessage.request(1));
    requireGivenUp("REQUEST");
  }

  @Test
  void theSourcesReasonIsPassedOn() throws Exception {
    say(RdmaMessage.failed(1, "no adapter any more"));
    assertEquals(new Signal.RdmaSettled("no adapter any more"), inbox.poll(60_000));
  }

  @Test
  void framesOfAnotherSessionAreIgnored() throws Exception {
    say(listening(7, null, null));
    say(RdmaMessage.failed(0, "an old one"));
    rdma.onFrame(
        new Frame(
            FrameType.MEMORY,
            new MemoryFrame(
                    7,
                    MemoryFrame.END | MemoryFrame.ENOUGH | MemoryFrame.ALL,
                    List.of(new RemoteExtent(9, -PAGE, PAGE, 0, 1)))
                .encode()));
    rdma.onBreak("of a connection that is gone");
    say(RdmaMessage.failed(1, "the last word"));
    assertEquals(new Signal.RdmaSettled("the last word"), inbox.poll(60_000));
    assertNull(inbox.poll(0));
  }

  @Test
  void memoryIsIgnoredWhileThereIsNoConnection() throws Exception {
    rdma.onFrame(
        new Frame(
            FrameType.MEMORY,
            new MemoryFrame(
                    1,
                    MemoryFrame.END | MemoryFrame.ENOUGH | MemoryFrame.VERIFIED,
                    List.of(new RemoteExtent(0, 0, PAGE, 0, 1)))
                .encode()));
    say(RdmaMessage.failed(1, "the last word"));
    assertEquals(new Signal.RdmaSettled("the last word"), inbox.poll(60_000));
  }

  private void sayStale(final int region, final long... extents) throws IOException {
    rdma.onFrame(
        new Frame(FrameType.STALE_MEMORY, new ExtentsFrame(region, true, extents).encode()));
  }

  @Test
  void staleMemoryOutsideOfTheRamIsGivenUp() throws Exception {
    sayStale(0, 15 * PAGE, 2 * PAGE);
    requireGivenUp("outside of the guest's RAM");
  }

  @Test
  void staleMemoryOfNoRegionIsGivenUp() throws Exception {
    sayStale(-1, 0, PAGE);
    requireGivenUp("outside of the guest's RAM");
  }

  @Test
  void staleMemoryOutOfOrderIsGivenUp() throws Exception {
    sayStale(0, 8 * PAGE, PAGE, 0, PAGE);
    requireGivenUp("out of order");
  }

  @Test
  void malformedFramesEndTheControlConnection() {
    for (final Frame frame :
        List.of(
            new Frame(FrameType.MEMORY, new byte[7]),
            new Frame(FrameType.STALE_MEMORY, new byte[9]),
            new Frame(FrameType.RDMA, json("{}")),
            new Frame(FrameType.RDMA, json("{\"session\":1,\"step\":\"DANCE\"}")),
            new Frame(
                FrameType.RDMA, json("{\"session\":1,\"step\":\"LISTENING\",\"port\":\"x\"}")),
            new Frame(FrameType.RDMA, json("null")),
            new Frame(FrameType.COMPLETED, new byte[0]))) {
      assertThrows(ProtocolException.class, () -> rdma.onFrame(frame), frame.type()::toString);
    }
  }

  private static byte[] json(final String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Once the transport is settled, a failure is no more than an interruption. */
  @Test
  void afterAFailureANewSessionIsAskedForUntilThereIsOne() throws Exception {
    say(RdmaMessage.failed(1, "first"));
    assertNotNull(inbox.poll(60_000));
    say(RdmaMessage.failed(1, "second"));
    assertEquals(
        "RDMA: second; pages come over TCP until it is back", messages.poll(60, TimeUnit.SECONDS));
    assertEquals(RdmaMessage.request(2), control.next());
    say(listening(2, null, null));
    assertEquals(Step.FAILED, control.next().step());
    assertEquals(RdmaMessage.request(3), control.next());
    assertTrue(messages.isEmpty(), "said once is enough");
    assertNull(inbox.poll(0));
  }

  /** However often it is said, one renewal is under way. */
  @Test
  void failuresDoNotPileUp() throws Exception {
    say(RdmaMessage.failed(1, "first"));
    for (int i = 0; i < 10; i++) {
      say(RdmaMessage.failed(1, "again"));
    }
    assertEquals(RdmaMessage.request(2), control.next());
    say(listening(2, null, null));
    assertEquals(2, control.next().session(), "asked for another meanwhile");
    assertEquals(RdmaMessage.request(3), control.next());
  }

  @Test
  void afterItsEndItSaysNothing() throws Exception {
    rdma.close();
    say(RdmaMessage.failed(1, "late"));
    rdma.onBreak("late");
    assertNull(inbox.poll(200));
  }
}
