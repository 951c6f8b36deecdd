package io.farpage.migration;

import io.farpage.control.PeerConnection;
import io.farpage.control.Preface;
import io.farpage.transport.LaneUse;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.tcp.ServeListener;
import io.farpage.transport.tcp.TcpPageServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The source's ends of a session's lanes. */
final class PageServers implements AutoCloseable {
  private final LocalMemory memory;
  private final List<TcpPageServer> servers = new ArrayList<>();
  private volatile ServeListener listener = (region, offset, length) -> {};
  private long sentBytesOfClosed;

  PageServers(final LocalMemory memory) {
    this.memory = memory;
  }

  /** Serves one more lane. */
  void add(final Preface.Purpose purpose, final PeerConnection connection) throws IOException {
    final LaneUse use = purpose == Preface.Purpose.DEMAND_LANE ? LaneUse.DEMAND : LaneUse.BULK;
    final TcpPageServer server =
        new TcpPageServer(
            use,
            connection.toLane(),
            memory,
            (region, offset, length) -> listener.onServe(region, offset, length));
    servers.add(server);
    server.start();
  }

  /** Has somebody told what the lanes serve from now on. */
  void listener(final ServeListener value) {
    listener = value;
  }

  /** Returns the number of lanes served now. */
  int count() {
    return servers.size();
  }

  /** Returns the bytes of page data sent so far, by the lanes closed meanwhile too. */
  long sentBytes() {
    return sentBytesOfClosed + servers.stream().mapToLong(TcpPageServer::sentBytes).sum();
  }

  /** Ends all lanes; others may be added again. */
  @Override
  public void close() {
    servers.forEach(TcpPageServer::close);
    sentBytesOfClosed = sentBytes();
    servers.clear();
  }
}
