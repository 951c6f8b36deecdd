package io.farpage.transport.rdma;

import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.transport.LocalMemory;
import java.net.InetAddress;
import java.util.HexFormat;

/**
 * A source in a process of its own: says its port, waits for one connection, registers memory, says
 * its address and key, and waits to be killed.
 */
final class LaneSource {
  private LaneSource() {}

  /** Takes an address, what the connection has to say, and how many bytes to register. */
  public static void main(final String[] arguments) throws Exception {
    final int length = Integer.parseInt(arguments[2]);
    final RamFile file = RamFile.adopt(MemFd.create("source", length), true);
    final RdmaSource source =
        RdmaSource.listen(
            InetAddress.getByName(arguments[0]),
            new byte[][] {HexFormat.of().parseHex(arguments[1])});
    System.out.println(source.port());
    while (!source.isComplete()) {
      source.accept();
    }
    final RemoteExtent extent =
        source
            .register(
                RdmaRig.range(1, 0, 0, length),
                new LocalMemory(new long[] {file.map()}, new long[] {length}))
            .get(0);
    System.out.println(extent.address() + " " + extent.rkey());
    Thread.sleep(Long.MAX_VALUE);
  }
}
