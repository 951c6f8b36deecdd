package io.farpage.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import com.sun.management.ThreadMXBean;
import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.transport.LaneException;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.ReadListener;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A lane and a server over loopback, with RAM on both sides. */
@Timeout(60)
class TcpPageLaneTest {
  private static final int PAGE = 4096;
  private static final int[] SIZES = {4 << 20, 64 * PAGE};
  private static final ReadListener IGNORED = (region, offset, length, cookie) -> {};

  private final List<AutoCloseable> open = new ArrayList<>();
  private final byte[][] content = new byte[SIZES.length][];
  private final RamFile[] destinationFiles = new RamFile[SIZES.length];
  private LocalMemory source;
  private LocalMemory destination;
  private SocketChannel near;
  private SocketChannel far;

  @BeforeEach
  void makeMemoryAndConnection() throws IOException {
    final RamFile[] sourceFiles = new RamFile[SIZES.length];
    final Random random = new Random(42);
    for (int region = 0; region < SIZES.length; region++) {
      content[region] = new byte[SIZES[region]];
      random.nextBytes(content[region]);
      sourceFiles[region] = file("source", SIZES[region]);
      bytesOf(sourceFiles[region]).put(content[region]);
      destinationFiles[region] = file("destination", SIZES[region]);
    }
    source = memory(sourceFiles);
    destination = memory(destinationFiles);
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      near = SocketChannel.open(server.getLocalAddress());
      far = server.accept();
    }
    open.add(near);
    open.add(far);
  }

  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  @Test
  void rangesOfAnyLengthArriveInPlaceAndNothingElseIsWritten() throws Exception {
    final TcpPageServer server = serve();
    final TcpPageLane lane = lane(16, 1 << 20);
    final Random random = new Random(7);
    final byte[][] expected = {new byte[SIZES[0]], new byte[SIZES[1]]};
    final List<Long> done = new ArrayList<>();
    final ReadListener listener = (region, offset, length, cookie) -> done.add(cookie);
    long requested = 0;
    for (long i = 0; i < 500; i++) {
      final int region = random.nextInt(SIZES.length);
      final int length = 1 + random.nextInt(40_000);
      final int offset = random.nextInt(SIZES[region] - length + 1);
      while (!lane.tryRead(region, offset, length, i)) {
        lane.poll(listener);
      }
      requested += length;
      System.arraycopy(content[region], offset, expected[region], offset, length);
    }
    while (lane.readsInFlight() > 0) {
      lane.poll(listener);
    }
    assertEquals(500, done.size());
    for (int region = 0; region < SIZES.length; region++) {
      final byte[] actual = new byte[SIZES[region]];
      bytesOf(destinationFiles[region]).get(actual);
      assertArrayEquals(expected[region], actual);
    }
    assertEquals(0, lane.bytesInFlight());
    server.close();
    assertEquals(requested, server.sentBytes());
    assertNull(server.failure());
  }

  @Test
  void noMoreIsInFlightThanAllowed() throws Exception {
    final TcpPageLane lane = lane(4, 4 * PAGE);
    for (int i = 0; i < 4; i++) {
      assertTrue(lane.hasRoom(PAGE));
      assertTrue(lane.tryRead(0, (long) i * PAGE, PAGE, i));
    }
    assertFalse(lane.hasRoom(1));
    assertFalse(lane.tryRead(0, 5 * PAGE, 1, 5));
    assertEquals(4, lane.readsInFlight());
    assertEquals(4 * PAGE, lane.bytesInFlight());
    serve();
    while (lane.readsInFlight() > 0) {
      lane.poll(IGNORED);
    }
    // one read is always allowed, however long
    assertTrue(lane.hasRoom(1 << 20));
    assertTrue(lane.tryRead(0, 0, 1 << 20, 0));
    assertFalse(lane.tryRead(0, 0, PAGE, 0));
    while (lane.readsInFlight() > 0) {
      lane.poll(IGNORED);
    }
  }

  @Test
  void theEndOfTheServerBreaksTheLane() throws Exception {
    final TcpPageServer server = serve();
    final TcpPageLane lane = lane(4, 1 << 20);
    assertTrue(lane.tryRead(0, 0, PAGE, 0));
    while (lane.readsInFlight() > 0) {
      lane.poll(IGNORED);
    }
    server.close();
    assertThrows(
        LaneException.class,
        () -> {
          while (true) {
            lane.tryRead(0, 0, PAGE, 0);
            lane.poll(IGNORED);
          }
        });
  }

  @Test
  void aReadOutsideOfTheRegionIsAnErrorOfTheCaller() throws Exception {
    final TcpPageLane lane = lane(4, 1 << 20);
    assertThrows(IllegalArgumentException.class, () -> lane.tryRead(2, 0, PAGE, 0));
    assertThrows(IllegalArgumentException.class, () -> lane.tryRead(0, SIZES[0], PAGE, 0));
    assertThrows(IllegalArgumentException.class, () -> lane.tryRead(0, -1, PAGE, 0));
    assertThrows(IllegalArgumentException.class, () -> lane.tryRead(0, 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> lane(3, 1 << 20));
  }

  @Test
  void aRequestThatComesInPiecesIsAnswered() throws Exception {
    serve();
    final ByteBuffer request = request(1, 100, 5000);
    for (int i = 0; i < request.capacity(); i++) {
      near.write(request.slice(i, 1));
    }
    final ByteBuffer answer = ByteBuffer.allocate(100);
    while (answer.hasRemaining()) {
      assertTrue(near.read(answer) > 0);
    }
    assertArrayEquals(Arrays.copyOfRange(content[1], 5000, 5100), answer.array());
  }

  @Test
  void aRequestOutsideOfTheRamEndsTheConnection() throws Exception {
    final TcpPageServer server = serve();
    near.write(request(1, PAGE, SIZES[1] - PAGE + 1));
    assertEquals(-1, near.read(ByteBuffer.allocate(1)));
    server.close();
    assertNotNull(server.failure());
    assertTrue(server.failure().contains("outside of the guest's RAM"), server.failure());
  }

  @Test
  void readingAndServingAllocateNothing() throws Exception {
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    serve();
    final long serverThread =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("serve-demand"))
            .findFirst()
            .orElseThrow()
            .getId();
    final TcpPageLane lane = lane(64, 1 << 20);
    read(lane, 2000);
    final long serverBefore = threads.getThreadAllocatedBytes(serverThread);
    final long before = threads.getCurrentThreadAllocatedBytes();
    final int count = 20_000;
    read(lane, count);
    // what the measurement itself takes is less than a byte a read
    assertEquals(0, (threads.getCurrentThreadAllocatedBytes() - before) / count, "by the lane");
    assertEquals(
        0, (threads.getThreadAllocatedBytes(serverThread) - serverBefore) / count, "by the server");
  }

  private static void read(final TcpPageLane lane, final int count) throws LaneException {
    for (int i = 0; i < count; i++) {
      while (!lane.tryRead(0, (i & 1023) * PAGE, PAGE, i)) {
        lane.poll(IGNORED);
      }
    }
    while (lane.readsInFlight() > 0) {
      lane.poll(IGNORED);
    }
  }

  private TcpPageServer serve() throws IOException {
    final TcpPageServer server = new TcpPageServer(LaneUse.DEMAND, LaneSocket.of(far), source);
    server.start();
    open.add(server);
    return server;
  }

  private TcpPageLane lane(final int reads, final long bytes) throws IOException {
    final TcpPageLane lane = new TcpPageLane(LaneSocket.of(near), destination, reads, bytes);
    open.add(lane);
    return lane;
  }

  private static ByteBuffer request(final int region, final int length, final long offset) {
    return ByteBuffer.allocate(PageRequest.LENGTH_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(region)
        .putInt(length)
        .putLong(offset)
        .flip();
  }

  private RamFile file(final String name, final long size) throws IOException {
    final RamFile file = RamFile.adopt(MemFd.create(name, size), true);
    open.add(file);
    return file;
  }

  private static LocalMemory memory(final RamFile[] files) throws IOException {
    final long[] addresses = new long[files.length];
    final long[] sizes = new long[files.length];
    for (int i = 0; i < files.length; i++) {
      addresses[i] = files[i].map();
      sizes[i] = files[i].sizeBytes();
    }
    return new LocalMemory(addresses, sizes);
  }

  private static ByteBuffer bytesOf(final RamFile file) throws IOException {
    return new Pointer(file.map()).getByteBuffer(0, file.sizeBytes());
  }
}
