package io.farpage.bench;

import io.farpage.linux.PidFd;
import io.farpage.linux.RamFile;
import io.farpage.linux.Userfaultfd;
import io.farpage.pager.Pager;
import io.farpage.pager.Rehearsal;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.tcp.LaneSocket;
import io.farpage.transport.tcp.TcpPageLane;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * The destination's process of {@code farpage bench fault}: the daemon's own agents, made ready as
 * the daemon does it, on the userfaultfd of another process. Ends when its input does.
 */
final class FaultPagerProgram {
  private static final int DEMAND_READS = 256;
  private static final int BULK_READS = 64;
  private static final long BULK_BYTES_IN_FLIGHT = 1 << 20;

  private FaultPagerProgram() {}

  /**
   * Arguments: pid, descriptor and address of who faults, the file of its memory, and the source's
   * port, or {@code local} when the file holds everything already.
   */
  public static void main(final String[] arguments) throws IOException {
    final long address = Long.parseLong(arguments[2]);
    try (PidFd process = PidFd.open(Integer.parseInt(arguments[0]));
        Userfaultfd userfaultfd = Userfaultfd.adopt(process.getFd(Integer.parseInt(arguments[1])));
        RamFile file = RamFile.open(Path.of(arguments[3]), true);
        PageLane demandLane = lane(arguments[4], file, DEMAND_READS, Long.MAX_VALUE);
        PageLane bulkLane = lane(arguments[4], file, BULK_READS, BULK_BYTES_IN_FLIGHT);
        Pager pager =
            new Pager(
                MissingMemory.context(
                    file, userfaultfd, address, demandLane, bulkLane, BULK_BYTES_IN_FLIGHT),
                cause -> System.out.println("failed " + cause.getMessage()))) {
      pager.start();
      Rehearsal.run(1);
      System.gc();
      pager.arm();
      System.out.println("ready");
      System.in.read();
    }
    System.exit(0);
  }

  private static PageLane lane(
      final String port, final RamFile file, final int reads, final long bytes) throws IOException {
    if (port.equals("local")) {
      return new InstantLane();
    }
    final SocketChannel channel =
        SocketChannel.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port)));
    return new TcpPageLane(
        LaneSocket.of(channel),
        new LocalMemory(new long[] {file.map()}, new long[] {file.sizeBytes()}),
        reads,
        bytes);
  }
}
