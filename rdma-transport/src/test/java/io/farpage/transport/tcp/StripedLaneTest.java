package io.farpage.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import io.farpage.linux.MemFd;
import io.farpage.linux.PollSet;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.transport.LaneException;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.StripedLane;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real lanes and servers, over socket pairs. */
@Timeout(60)
class StripedLaneTest {
  private static final int CHUNK = 64 * 1024;
  private static final int CHUNKS = 64;
  private static final int LENGTH = CHUNK * CHUNKS;
  private static final int LANES = 3;

  private final List<TcpPageServer> servers = new ArrayList<>();
  private final List<PageLane> lanes = new ArrayList<>();
  private final byte[] content = new byte[LENGTH];
  private RamFile far;
  private RamFile near;
  private PageLane striped;

  @BeforeEach
  void connect() throws IOException {
    new Random(1).nextBytes(content);
    far = RamFile.adopt(MemFd.create("far", LENGTH), true);
    near = RamFile.adopt(MemFd.create("near", LENGTH), true);
    new Pointer(far.map()).write(0, content, 0, LENGTH);
    for (int i = 0; i < LANES; i++) {
      final int[] pair = SocketIo.pair();
      servers.add(new TcpPageServer(LaneUse.BULK, socket(pair[0]), memoryOf(far)));
      lanes.add(new TcpPageLane(socket(pair[1]), memoryOf(near), 4, 4 * CHUNK));
    }
    striped = StripedLane.of(lanes);
  }

  private static LaneSocket socket(final int fd) {
    return LaneSocket.of(() -> SocketIo.close(fd), fd);
  }

  private static LocalMemory memoryOf(final RamFile file) throws IOException {
    return new LocalMemory(new long[] {file.map()}, new long[] {LENGTH});
  }

  @AfterEach
  void close() {
    servers.forEach(TcpPageServer::close);
    striped.close();
    far.close();
    near.close();
  }

  @Test
  void everyReadArrivesOnceByAllLanes() throws IOException {
    servers.forEach(TcpPageServer::start);
    final BitSet arrived = new BitSet();
    int begun = 0;
    try (PollSet waiting = new PollSet(1)) {
      waiting.set(0, striped.readinessFd());
      while (arrived.cardinality() < CHUNKS) {
        while (begun < CHUNKS && striped.tryRead(0, (long) begun * CHUNK, CHUNK, begun)) {
          begun++;
        }
        if (striped.poll(
                (region, offset, length, cookie) -> {
                  assertEquals(cookie * CHUNK, offset);
                  assertFalse(arrived.get((int) cookie));
                  arrived.set((int) cookie);
                })
            == 0) {
          assertTrue(waiting.poll(10_000) > 0, "nothing comes");
        }
      }
    }
    assertEquals(0, striped.readsInFlight());
    assertEquals(0, striped.bytesInFlight());
    final byte[] copy = new byte[LENGTH];
    new Pointer(near.map()).read(0, copy, 0, LENGTH);
    assertArrayEquals(content, copy);
    // that is noted after the bytes have left
    servers.forEach(TcpPageServer::close);
    for (final TcpPageServer server : servers) {
      // what fills each lane at the outset; who is quicker afterwards is the machine's business
      assertTrue(server.sentBytes() >= 4L * CHUNK, "one lane did the work");
    }
  }

  @Test
  void thereIsRoomUntilEveryLaneIsFull() throws IOException {
    for (int i = 0; i < LANES * 4; i++) {
      assertTrue(striped.hasRoom(CHUNK));
      assertTrue(striped.tryRead(0, (long) i * CHUNK, CHUNK, i));
    }
    assertFalse(striped.hasRoom(CHUNK));
    assertFalse(striped.tryRead(0, 0, CHUNK, 0));
    assertEquals(LANES * 4, striped.readsInFlight());
    assertEquals((long) LANES * 4 * CHUNK, striped.bytesInFlight());
    lanes.forEach(lane -> assertEquals(4, lane.readsInFlight()));
  }

  @Test
  void oneBrokenLaneBreaksAll() throws IOException {
    servers.forEach(TcpPageServer::start);
    servers.get(1).close();
    assertThrows(
        LaneException.class,
        () -> {
          for (int i = 0; i < 1000; i++) {
            striped.tryRead(0, 0, CHUNK, 0);
            striped.poll((region, offset, length, cookie) -> {});
          }
        });
  }

  @Test
  void aSingleLaneStaysAsItIs() throws IOException {
    assertSame(lanes.get(0), StripedLane.of(lanes.subList(0, 1)));
  }
}
