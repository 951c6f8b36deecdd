package io.farpage.bench;

import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.transport.Extents;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.rdma.RdmaSource;
import io.farpage.transport.rdma.RemoteExtent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.util.HexFormat;

/**
 * The process whose memory is read: it listens, registers its memory for whoever says the greetings
 * that it was given on its standard input, and ends when that ends.
 */
final class RdmaSourceProgram {
  private RdmaSourceProgram() {}

  /** Serves at an address (first argument) memory of a length in bytes (second argument). */
  public static void main(final String[] arguments) {
    try {
      serve(InetAddress.getByName(arguments[0]), Long.parseLong(arguments[1]));
    } catch (final IOException e) {
      System.out.println("failed " + e.getMessage());
      System.exit(1);
    }
  }

  private static void serve(final InetAddress address, final long lengthBytes) throws IOException {
    final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    final byte[][] greetings = new byte[Integer.parseInt(input.readLine())][];
    for (int i = 0; i < greetings.length; i++) {
      greetings[i] = HexFormat.of().parseHex(input.readLine());
    }
    try (RamFile file = RamFile.adopt(MemFd.create("farpage-bench-source", lengthBytes), true);
        RdmaSource source = RdmaSource.listen(address, greetings)) {
      System.out.println("port " + source.port());
      while (!source.isComplete()) {
        source.accept();
      }
      final Extents all = new Extents(1);
      all.add(0, 0, lengthBytes);
      final LocalMemory memory = new LocalMemory(new long[] {file.map()}, new long[] {lengthBytes});
      for (final RemoteExtent extent : source.register(all, memory)) {
        System.out.printf(
            "extent %d %d %d %d%n",
            extent.offsetBytes(), extent.lengthBytes(), extent.address(), extent.rkey());
      }
      System.out.println("registered");
      while (input.readLine() != null) {
        // until whoever started this has ended, too
      }
    }
  }
}
