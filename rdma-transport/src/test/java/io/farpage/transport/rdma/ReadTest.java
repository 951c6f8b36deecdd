package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.SVCPostSend;
import com.sun.management.ThreadMXBean;
import io.farpage.linux.Errno;
import io.farpage.linux.MemFd;
import io.farpage.linux.PollSet;
import io.farpage.linux.RamFile;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads of remote memory, on a device. */
@Tag("rdma")
@Timeout(120)
class ReadTest {
  private static final int MIB = 1 << 20;
  private static final int PAGE = 4096;
  private static final int OK = IbvWcStatus.IBV_WC_SUCCESS.ordinal();
  private static final int FLUSHED = IbvWcStatus.IBV_WC_WR_FLUSH_ERR.ordinal();
  private static final int REFUSED = IbvWcStatus.IBV_WC_REM_ACCESS_ERR.ordinal();

  private InetAddress address;
  private Connection connection;
  private ReadQueue client;
  private ReadQueue server;

  @BeforeEach
  void connect() throws Exception {
    address = RdmaHost.requireAddress();
    connection = new Connection(address, MIB);
    client = connection.client;
    server = connection.server;
    byte[] content = new byte[MIB];
    new Random(7).nextBytes(content);
    server.buffer.asByteBuffer().put(content);
  }

  @AfterEach
  void close() {
    if (connection != null) {
      connection.close();
    }
  }

  private SVCPostSend reads(int count, int lengthBytes) throws Exception {
    return client.reads(count, server.buffer.address(), server.region.getRkey(), lengthBytes);
  }

  private static List<Integer> times(int count, int status) {
    return Collections.nCopies(count, status);
  }

  private void assertSame(int lengthBytes) {
    assertEquals(
        server.buffer.asByteBuffer().limit(lengthBytes),
        client.buffer.asByteBuffer().limit(lengthBytes));
  }

  @Test
  void pageArrives() throws Exception {
    reads(1, PAGE).execute();
    assertEquals(times(1, OK), client.await(1));
    assertSame(PAGE);
    assertEquals(0, client.buffer.asByteBuffer().getLong(PAGE), "not more than was asked for");
  }

  @Test
  void mebibyteArrives() throws Exception {
    reads(1, MIB).execute();
    assertEquals(times(1, OK), client.await(1));
    assertSame(MIB);
  }

  @Test
  void acceptingSideReadsToo() throws Exception {
    client.buffer.asByteBuffer().putLong(0, 4711);
    server.reads(1, client.buffer.address(), client.region.getRkey(), PAGE).execute();
    assertEquals(times(1, OK), server.await(1));
    assertEquals(4711, server.buffer.asByteBuffer().getLong(0));
  }

  @Test
  void fullQueueOfReadsCompletesInOrder() throws Exception {
    // More than a queue pair may have on the wire at once.
    SVCPostSend post = reads(ReadQueue.DEPTH, PAGE);
    for (int round = 0; round < 20; round++) {
      post.execute();
      assertEquals(times(ReadQueue.DEPTH, OK), client.await(ReadQueue.DEPTH));
    }
  }

  @Test
  void preparedReadIsChangedInPlace() throws Exception {
    SVCPostSend post = reads(1, PAGE);
    post.getWrMod(0).setWr_id(0x1234_5678_9abcL);
    post.getWrMod(0).getRdmaMod().setRemote_addr(server.buffer.address() + 3 * PAGE);
    post.getWrMod(0).getSgeMod(0).setAddr(client.buffer.address() + PAGE);
    post.getWrMod(0).getSgeMod(0).setLength(2 * PAGE);
    post.execute();
    assertEquals(times(1, OK), client.await(1));
    assertEquals(0x1234_5678_9abcL, client.completions[0].getWr_id());
    assertEquals(
        server.buffer.asByteBuffer().slice(3 * PAGE, 2 * PAGE),
        client.buffer.asByteBuffer().slice(PAGE, 2 * PAGE));
  }

  @Test
  void readIsScatteredToFourPlaces() throws Exception {
    List<IbvSge> places = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      IbvSge place = new IbvSge();
      place.setAddr(client.buffer.address() + (long) (3 - i) * 2 * PAGE);
      place.setLength(PAGE);
      place.setLkey(client.region.getLkey());
      places.add(place);
    }
    IbvSendWR wr = client.read(1, server.buffer.address(), server.region.getRkey(), places);
    client.prepare(List.of(wr)).execute();
    assertEquals(times(1, OK), client.await(1));
    for (int i = 0; i < 4; i++) {
      assertEquals(
          server.buffer.asByteBuffer().slice(i * PAGE, PAGE),
          client.buffer.asByteBuffer().slice((3 - i) * 2 * PAGE, PAGE));
    }
  }

  @Test
  void completionWakesWhoeverWaitsOnTheDescriptor() throws Exception {
    try (PollSet waiting = new PollSet(1)) {
      waiting.set(0, VerbsExtras.fd(client.events));
      client.arm.execute();
      assertFalse(client.events.getCqEvent(client.cq, 0), "nothing is done");
      assertEquals(0, waiting.poll(0));
      long before = System.nanoTime();
      assertFalse(client.events.getCqEvent(client.cq, 50), "nothing is done");
      assertTrue(System.nanoTime() - before >= 50_000_000, "the time-out is kept");
      reads(1, PAGE).execute();
      assertEquals(1, waiting.poll(20_000));
      assertTrue(client.events.getCqEvent(client.cq, 0));
      assertFalse(client.events.getCqEvent(client.cq, 0), "one event for one request");
      assertEquals(1, client.poll.execute().getPolls());
      client.cq.ackEvents(1);
    }
  }

  @Test
  void wrongKeyBreaksTheQueuePair() throws Exception {
    SVCPostSend bad = client.reads(1, server.buffer.address(), server.region.getRkey() + 1, PAGE);
    bad.execute();
    assertEquals(times(1, REFUSED), client.await(1));
    assertEquals("IBV_WC_REM_ACCESS_ERR (10) remote access error", VerbsExtras.statusText(REFUSED));
    reads(2, PAGE).execute();
    assertEquals(times(2, FLUSHED), client.await(2));
  }

  @Test
  void readBeyondTheRegionIsRefused() throws Exception {
    client
        .reads(1, server.buffer.address() + MIB - PAGE + 1, server.region.getRkey(), PAGE)
        .execute();
    assertEquals(times(1, REFUSED), client.await(1));
  }

  @Test
  void regionThatWasDeregisteredIsRefused() throws Exception {
    try (RamFile file = RamFile.adopt(MemFd.create("rdma-test", MIB), true)) {
      var region = server.register(file.map(), MIB);
      SVCPostSend post = client.reads(1, file.map(), region.getRkey(), PAGE);
      post.execute();
      assertEquals(times(1, OK), client.await(1));
      region.deregMr().execute().free();
      post.execute();
      assertEquals(times(1, REFUSED), client.await(1));
    }
  }

  @Test
  void queuePairInErrorFlushesWhatIsPosted() throws Exception {
    reads(ReadQueue.DEPTH, MIB).execute();
    VerbsExtras.toError(client.qp);
    // Some may have been done already; all of them complete.
    List<Integer> statuses = client.await(ReadQueue.DEPTH);
    assertTrue(Set.of(OK, FLUSHED).containsAll(statuses), statuses::toString);
    reads(2, PAGE).execute();
    assertEquals(times(2, FLUSHED), client.await(2));
  }

  @Test
  void disconnectingFlushesAndIsSeenByBoth() throws Exception {
    client.id.disconnect();
    reads(1, PAGE).execute();
    assertEquals(times(1, FLUSHED), client.await(1));
    Connection.expect(connection.serverEvents, EventType.RDMA_CM_EVENT_DISCONNECTED);
    server.id.disconnect();
    Connection.expect(connection.clientEvents, EventType.RDMA_CM_EVENT_DISCONNECTED);
  }

  @Test
  void listThatDoesNotFitIsPostedInPart() throws Exception {
    SVCPostSend tooMany = reads(4 * ReadQueue.DEPTH, PAGE);
    PostException refused = assertThrows(PostException.class, tooMany::execute);
    assertEquals(Errno.ENOMEM, refused.errno());
    assertTrue(refused.postedCount() >= ReadQueue.DEPTH, refused.getMessage());
    assertEquals(refused.postedCount(), refused.refusedWrId());
    assertTrue(refused.getMessage().startsWith("ibv_post_send: ENOMEM (12) Cannot allocate"));
    assertEquals(
        times(refused.postedCount(), OK), client.await(refused.postedCount()), "what was posted");
    reads(1, PAGE).execute();
    assertEquals(times(1, OK), client.await(1), "the queue pair is whole");
  }

  @Test
  void unmappedMemoryCannotBeRegistered() {
    VerbsException failure = assertThrows(VerbsException.class, () -> client.register(PAGE, PAGE));
    assertEquals("ibv_reg_mr: EFAULT (14) Bad address", failure.getMessage());
    assertEquals(
        Errno.EINVAL,
        assertThrows(VerbsException.class, () -> client.register(client.buffer.address(), -1))
            .errno());
  }

  @Test
  void nothingIsAllocatedPerRead() throws Exception {
    SVCPostSend post = reads(1, PAGE);
    var wr = post.getWrMod(0);
    var remote = wr.getRdmaMod();
    var local = wr.getSgeMod(0);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long allocatedBytes = -1;
    for (int round = 0; round < 5 && allocatedBytes != 0; round++) {
      long before = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < 2000; i++) {
        wr.setWr_id(i);
        remote.setRemote_addr(server.buffer.address() + (i & 63) * PAGE);
        local.setAddr(client.buffer.address() + (i & 63) * PAGE);
        client.arm.execute();
        post.execute();
        while (client.poll.execute().getPolls() == 0) {
          if (client.events.getCqEvent(client.cq, 1000)) {
            client.cq.ackEvents(1);
            client.arm.execute();
          }
        }
      }
      allocatedBytes = threads.getThreadAllocatedBytes(thread) - before;
    }
    assertEquals(0, allocatedBytes, "bytes allocated by 2000 reads");
    assertEquals(OK, client.completions[0].getStatus());
  }
}
