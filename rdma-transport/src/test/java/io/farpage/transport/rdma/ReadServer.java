package io.farpage.transport.rdma;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.farpage.linux.NativeBuffer;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A process whose memory is read: says where it listens, its address and its key, serves one
 * connection, and waits to be killed.
 */
final class ReadServer {
  private static final int PAGE = 4096;

  private ReadServer() {}

  /** Serves at the address that is the only argument. */
  public static void main(String[] arguments) throws Exception {
    DisniLibrary.load();
    RdmaEventChannel events = RdmaEventChannel.createEventChannel();
    RdmaCmId listener = events.createId(RdmaCm.RDMA_PS_TCP);
    listener.bindAddr(new InetSocketAddress(InetAddress.getByName(arguments[0]), 0));
    listener.listen(1);
    NativeBuffer memory = NativeBuffer.allocate(PAGE);
    memory.asByteBuffer().putLong(0, 4711);
    // Regions of another domain than the connection's cannot be read: so the listener's device
    // gives one domain for both.
    var pd = listener.getVerbs().allocPd();
    var region = pd.regMr(memory.address(), PAGE, 4).execute().getMr();
    System.out.println(
        ((InetSocketAddress) listener.getSource()).getPort()
            + " "
            + memory.address()
            + " "
            + region.getRkey());
    RdmaCmEvent request = Connection.expect(events, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
    try (ReadQueue queue = new ReadQueue(request.getConnIdPriv(), pd, PAGE)) {
      queue.id.accept(Connection.parameters());
      Connection.expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED);
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
