package io.farpage.bench.micro;

import io.farpage.linux.LinuxException;
import io.farpage.linux.MemFd;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.RamFile;
import io.farpage.linux.SocketIo;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a call from Java into C costs, without and with a system call. */
@State(Scope.Thread)
public class NativeCallBenchmark {
  private final NativeBuffer buffer = NativeBuffer.allocate(4096);
  private int[] pair;
  private RamFile file;

  /** Opens what is called. */
  @Setup
  public void setUp() throws LinuxException {
    pair = SocketIo.pair();
    file = RamFile.adopt(MemFd.create("farpage-jmh", 4096), true);
  }

  /** Closes it. */
  @TearDown
  public void tearDown() {
    SocketIo.close(pair[0]);
    SocketIo.close(pair[1]);
    file.close();
    buffer.close();
  }

  /** The bare call: getpagesize(3), which the C library answers itself. */
  @Benchmark
  public long withoutSystemCall() {
    return file.pageSizeBytes();
  }

  /** A system call that finds nothing, with its error number. */
  @Benchmark
  public long recvNothing() {
    return SocketIo.recv(pair[0], buffer.address(), 1, SocketIo.MSG_DONTWAIT);
  }

  /** 4 KiB through a socket pair: two calls, two copies. */
  @Benchmark
  public long sendAndRecvPage() {
    return SocketIo.send(pair[0], buffer.address(), 4096, SocketIo.MSG_NOSIGNAL)
        + SocketIo.recv(pair[1], buffer.address(), 4096, 0);
  }
}
