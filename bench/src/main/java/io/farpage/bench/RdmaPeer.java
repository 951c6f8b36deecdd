package io.farpage.bench;

import io.farpage.cli.DaemonProcess;
import io.farpage.linux.RamFile;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.rdma.CompletionMode;
import io.farpage.transport.rdma.RdmaDestination;
import io.farpage.transport.rdma.RdmaPageLane;
import io.farpage.transport.rdma.RemoteExtent;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** Another process with registered memory, and the lanes that read it into a file of this one. */
final class RdmaPeer implements AutoCloseable {
  private static final int GREETING_BYTES = 32;
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private final AtomicReference<String> breakReason = new AtomicReference<>();
  private final List<RdmaPageLane> lanes = new ArrayList<>();
  private final DaemonProcess process;
  private RdmaDestination session;

  /**
   * Starts the process, connects the lanes and registers the memory of both sides.
   *
   * @param address of the device, for both sides
   * @param destination where the lanes read to, mapped writable
   * @param limits what each lane may have in flight
   */
  RdmaPeer(
      final InetAddress address,
      final RamFile destination,
      final List<LaneLimit> limits,
      final CompletionMode completions)
      throws IOException {
    process =
        DaemonProcess.startProgram(
            RdmaSourceProgram.class,
            List.of(address.getHostAddress(), String.valueOf(destination.sizeBytes())),
            line -> {});
    try {
      connect(address, destination, limits, completions);
    } catch (final IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * What a lane may have in flight.
   *
   * @param reads so many READs at most
   * @param bytes so many bytes at most
   */
  record LaneLimit(int reads, long bytes) {}

  private void connect(
      final InetAddress address,
      final RamFile destination,
      final List<LaneLimit> limits,
      final CompletionMode completions)
      throws IOException {
    final byte[][] greetings = new byte[limits.size()][GREETING_BYTES];
    final StringBuilder said = new StringBuilder().append(greetings.length).append('\n');
    final SecureRandom random = new SecureRandom();
    for (final byte[] greeting : greetings) {
      random.nextBytes(greeting);
      said.append(HexFormat.of().formatHex(greeting)).append('\n');
    }
    final Writer input = process.process().outputWriter(StandardCharsets.US_ASCII);
    input.write(said.toString());
    input.flush();

    final LocalMemory memory =
        new LocalMemory(new long[] {destination.map()}, new long[] {destination.sizeBytes()});
    for (final LaneLimit limit : limits) {
      lanes.add(
          new RdmaPageLane(
              new NoLane(),
              memory,
              limit.reads(),
              limit.bytes(),
              reason -> breakReason.compareAndSet(null, reason)));
    }
    final int port = Integer.parseInt(await("port").split(" ")[1]);
    session =
        RdmaDestination.connect(
            new InetSocketAddress(address, port),
            greetings,
            limits.stream().mapToInt(LaneLimit::reads).toArray(),
            completions);
    session.attach(lanes);
    await("registered");
    session.register(extents(), memory);
    session.publish();
    for (final RdmaPageLane lane : lanes) {
      lane.poll((region, offset, length, cookie) -> {}); // takes the route
    }
  }

  private String await(final String wanted) throws IOException {
    final String line =
        process.awaitLine(text -> text.startsWith(wanted) || text.startsWith("failed "), TIMEOUT);
    if (line.startsWith("failed ")) {
      throw new IOException("the source process: " + line.substring("failed ".length()));
    }
    return line;
  }

  private List<RemoteExtent> extents() {
    return process.output().stream()
        .filter(line -> line.startsWith("extent "))
        .map(line -> line.split(" "))
        .map(
            words ->
                new RemoteExtent(
                    0,
                    Long.parseLong(words[1]),
                    Long.parseLong(words[2]),
                    Long.parseLong(words[3]),
                    Integer.parseInt(words[4])))
        .toList();
  }

  /** Returns the lanes, in the order of their limits. */
  List<RdmaPageLane> lanes() {
    return lanes;
  }

  /** Throws when a connection broke: then nothing that was measured counts. */
  void requireHealthy() throws IOException {
    if (breakReason.get() != null) {
      throw new IOException("the RDMA connection broke: " + breakReason.get());
    }
  }

  @Override
  public void close() {
    lanes.forEach(RdmaPageLane::close);
    if (session != null) {
      session.close();
    }
    process.close();
  }
}
