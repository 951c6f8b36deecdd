package io.farpage.bench.micro;

import io.farpage.linux.LinuxException;
import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.ReadListener;
import io.farpage.transport.tcp.LaneSocket;
import io.farpage.transport.tcp.TcpPageLane;
import io.farpage.transport.tcp.TcpPageServer;
import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A page there and back, through the lane and the server, on a socket pair. */
@State(Scope.Thread)
public class TcpPageLaneBenchmark {
  private static final long LENGTH_BYTES = 16 << 20;

  private final ReadListener listener = this::onRead;
  private long doneBytes;
  private long next;
  private RamFile source;
  private RamFile destination;
  private TcpPageServer server;
  private TcpPageLane lane;

  /** Connects both. */
  @Setup
  public void setUp() throws IOException {
    source = newFile();
    destination = newFile();
    final int[] pair = SocketIo.pair();
    server = new TcpPageServer(LaneUse.DEMAND, socket(pair[0]), memory(source));
    server.start();
    lane = new TcpPageLane(socket(pair[1]), memory(destination), 16, LENGTH_BYTES);
  }

  private static RamFile newFile() throws LinuxException {
    final RamFile file = RamFile.adopt(MemFd.create("farpage-jmh", LENGTH_BYTES), true);
    file.allocate(0, LENGTH_BYTES);
    return file;
  }

  private static LaneSocket socket(final int fd) {
    return LaneSocket.of(() -> SocketIo.close(fd), fd);
  }

  private static LocalMemory memory(final RamFile file) throws LinuxException {
    return new LocalMemory(new long[] {file.map()}, new long[] {LENGTH_BYTES});
  }

  /** Disconnects them. */
  @TearDown(Level.Trial)
  public void tearDown() {
    lane.close();
    server.close();
    source.close();
    destination.close();
  }

  private void onRead(final int region, final long offset, final int length, final long cookie) {
    doneBytes += length;
  }

  /** One page, polled for. */
  @Benchmark
  public long readPage() throws IOException {
    final long before = doneBytes;
    lane.tryRead(0, next, 4096, 0);
    next = next + 4096 & LENGTH_BYTES - 1;
    while (doneBytes == before) {
      if (lane.poll(listener) == 0) {
        Thread.yield();
      }
    }
    return doneBytes;
  }
}
