package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostRecv;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import java.util.LinkedList;
import java.util.List;

/**
 * A reliable connection with a completion queue and an event channel of its own.
 *
 * <p>The verb calls are made once and used again, so that a READ and its completion allocate
 * nothing. Reads, polls and events belong to one thread; {@link #abort()} may come from another.
 */
final class QueuePair implements AutoCloseable {
  /** Completions taken by one poll. */
  static final int BATCH = 16;

  private final RdmaCmId id;
  private final IbvCompChannel channel;
  private final IbvCQ completionQueue;
  private final IbvQP queuePair;
  private final int depth;
  private final int fd;
  private final IbvWC[] completions = new IbvWC[BATCH];
  private final SVCPollCq poll;
  private final SVCReqNotify notify;
  private final SVCPostSend read;
  private final SVCPostSend.SendWRMod readRequest;
  private final SVCPostSend.RdmaMod readRemote;
  private final SVCPostSend.SgeMod readLocal;
  private int inFlight;
  private boolean armed;

  private QueuePair(
      final RdmaCmId id,
      final ProtectionDomain domain,
      final IbvCompChannel channel,
      final IbvCQ completionQueue,
      final int depth)
      throws IOException {
    this.id = id;
    this.channel = channel;
    this.completionQueue = completionQueue;
    this.depth = depth;
    fd = DisniLibrary.hasExtras() ? VerbsExtras.fd(channel) : -1;
    final IbvQPInitAttr attributes = new IbvQPInitAttr();
    attributes.cap().setMax_send_wr(depth);
    attributes.cap().setMax_send_sge(1);
    attributes.cap().setMax_recv_wr(1);
    attributes.cap().setMax_recv_sge(1);
    attributes.setQp_type(IbvQP.IBV_QPT_RC);
    attributes.setSend_cq(completionQueue);
    attributes.setRecv_cq(completionQueue);
    queuePair = id.createQP(domain.pd(), attributes);
    for (int i = 0; i < BATCH; i++) {
      completions[i] = new IbvWC();
    }
    poll = completionQueue.poll(completions, BATCH);
    notify = completionQueue.reqNotification(false);
    read = queuePair.postSend(List.of(request(IbvSendWR.IBV_WR_RDMA_READ, 0, 0, 0)), null);
    readRequest = read.getWrMod(0);
    readRemote = readRequest.getRdmaMod();
    readLocal = readRequest.getSgeMod(0);
  }

  /**
   * Creates the queue pair of an identifier that is bound to a device.
   *
   * @param id destroyed with the queue pair
   * @param depth how many requests may be in flight
   */
  static QueuePair create(final RdmaCmId id, final ProtectionDomain domain, final int depth)
      throws IOException {
    final IbvContext device = id.getVerbs();
    final IbvCompChannel channel = device.createCompChannel();
    IbvCQ completionQueue = null;
    try {
      // one more for the message that opens the connection
      completionQueue = device.createCQ(channel, depth + 1, 0);
      return new QueuePair(id, domain, channel, completionQueue, depth);
    } catch (final IOException e) {
      if (completionQueue != null) {
        completionQueue.destroyCQ();
      }
      channel.destroyCompChannel();
      throw e;
    }
  }

  private static IbvSendWR request(
      final int opcode, final long address, final int length, final int lkey) {
    final IbvSendWR request = new IbvSendWR();
    request.setOpcode(opcode);
    request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
    request.setSg_list(listOf(address, length, lkey));
    request.setNum_sge(1);
    return request;
  }

  private static LinkedList<IbvSge> listOf(final long address, final int length, final int lkey) {
    final IbvSge element = new IbvSge();
    element.setAddr(address);
    element.setLength(length);
    element.setLkey(lkey);
    final LinkedList<IbvSge> list = new LinkedList<>();
    list.add(element);
    return list;
  }

  /** Returns how many more requests can be posted now. */
  int room() {
    return depth - inFlight;
  }

  /** Returns how many requests have not completed. */
  int inFlight() {
    return inFlight;
  }

  /** Starts a READ; there must be {@link #room()}. */
  void postRead(
      final long requestId,
      final long localAddress,
      final int lengthBytes,
      final int lkey,
      final long remoteAddress,
      final int rkey)
      throws IOException {
    readRequest.setWr_id(requestId);
    readRemote.setRemote_addr(remoteAddress);
    readRemote.setRkey(rkey);
    readLocal.setAddr(localAddress);
    readLocal.setLength(lengthBytes);
    readLocal.setLkey(lkey);
    read.execute();
    inFlight++;
  }

  /** Sends a message from registered memory. */
  void postSend(final long address, final int lengthBytes, final int lkey) throws IOException {
    final IbvSendWR request = request(IbvSendWR.IBV_WR_SEND, address, lengthBytes, lkey);
    final SVCPostSend call = queuePair.postSend(List.of(request), null);
    call.execute();
    call.free();
    inFlight++;
  }

  /** Makes ready to receive one message into registered memory. */
  void postReceive(final long address, final int lengthBytes, final int lkey) throws IOException {
    final IbvRecvWR request = new IbvRecvWR();
    request.setSg_list(listOf(address, lengthBytes, lkey));
    request.setNum_sge(1);
    final SVCPostRecv call = queuePair.postRecv(List.of(request), null);
    call.execute();
    call.free();
    inFlight++;
  }

  /** Takes what has completed; returns how many there are, see {@link #completion(int)}. */
  int poll() throws IOException {
    final int polled = poll.execute().getPolls();
    inFlight -= polled;
    return polled;
  }

  /** Returns one of the completions of the last {@link #poll()}, valid until the next. */
  IbvWC completion(final int index) {
    return completions[index];
  }

  /**
   * Returns a descriptor that is readable when something completed after {@link #arm()}, or -1 with
   * a libdisni that does not tell it.
   */
  int fd() {
    return fd;
  }

  /**
   * Asks for an event at the next completion, if there is any to come. The event of the time before
   * is taken only here, so that no poll costs a system call.
   *
   * @return whether it asked just now; what completed before has no event
   */
  boolean arm() throws IOException {
    if (armed && channel.getCqEvent(completionQueue, 0)) {
      completionQueue.ackEvents(1);
      armed = false;
    }
    if (armed || inFlight == 0) {
      return false;
    }
    notify.execute();
    armed = true;
    return true;
  }

  /** Ends the connection: whatever is in flight completes with an error. */
  void disconnect() {
    try {
      id.disconnect();
    } catch (final IOException e) {
      Verbs.ignored("disconnecting", e);
    }
  }

  /**
   * Ends all reading, without a word to the peer: whatever is in flight completes with an error.
   *
   * <p>While a link is down nothing must be said: rxe gives up its management queue pair for ever
   * when that cannot send, and no connection comes about any more.
   */
  void abort() {
    if (!DisniLibrary.hasExtras()) {
      disconnect();
      return;
    }
    try {
      VerbsExtras.toError(queuePair);
    } catch (final IOException e) {
      Verbs.ignored("ending a queue pair", e);
    }
  }

  RdmaCmId id() {
    return id;
  }

  /** Frees everything but the identifier's event channel; no thread may use the queue pair then. */
  @Override
  public void close() {
    read.free();
    poll.free();
    try {
      id.destroyQP();
      completionQueue.destroyCQ();
      channel.destroyCompChannel();
      id.destroyId();
    } catch (final IOException e) {
      Verbs.ignored("destroying a queue pair", e);
    }
  }
}
