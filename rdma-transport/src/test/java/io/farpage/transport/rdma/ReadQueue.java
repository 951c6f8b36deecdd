package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCRegMr;
import com.ibm.disni.verbs.SVCReqNotify;
import io.farpage.linux.NativeBuffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedList;
import java.util.List;

/** One side of a connection: a queue pair with all that it needs, and a registered buffer. */
final class ReadQueue implements AutoCloseable {
  static final int DEPTH = 32;
  private static final int ACCESS = IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_READ;

  final RdmaCmId id;
  final IbvContext context;
  final IbvPd pd;
  final IbvCompChannel events;
  final IbvCQ cq;
  final IbvQP qp;
  final NativeBuffer buffer;
  final IbvMr region;
  final IbvWC[] completions = new IbvWC[DEPTH];
  final SVCPollCq poll;
  final SVCReqNotify arm;
  private final List<SVCPostSend> posts = new ArrayList<>();

  ReadQueue(RdmaCmId id, int bufferBytes) throws Exception {
    this(id, id.getVerbs().allocPd(), bufferBytes);
  }

  ReadQueue(RdmaCmId id, IbvPd pd, int bufferBytes) throws Exception {
    this.id = id;
    this.pd = pd;
    context = id.getVerbs();
    events = context.createCompChannel();
    cq = context.createCQ(events, 2 * DEPTH, 0);
    IbvQPInitAttr attributes = new IbvQPInitAttr();
    attributes.cap().setMax_send_wr(DEPTH);
    attributes.cap().setMax_recv_wr(1);
    attributes.setQp_type(IbvQP.IBV_QPT_RC);
    attributes.setSend_cq(cq);
    attributes.setRecv_cq(cq);
    qp = id.createQP(pd, attributes);
    buffer = NativeBuffer.allocate(bufferBytes);
    region = register(buffer.address(), bufferBytes);
    for (int i = 0; i < DEPTH; i++) {
      completions[i] = new IbvWC();
    }
    poll = cq.poll(completions, DEPTH);
    arm = cq.reqNotification(false);
  }

  IbvMr register(long address, int lengthBytes) throws IOException {
    SVCRegMr registration = pd.regMr(address, lengthBytes, ACCESS);
    try {
      return registration.execute().getMr();
    } finally {
      registration.free();
    }
  }

  /** A prepared list of READs, each of the whole length, numbered from 0. */
  SVCPostSend reads(int count, long remote, int rkey, int lengthBytes) throws IOException {
    List<IbvSendWR> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      IbvSge local = new IbvSge();
      local.setAddr(buffer.address());
      local.setLength(lengthBytes);
      local.setLkey(region.getLkey());
      list.add(read(i, remote, rkey, List.of(local)));
    }
    return prepare(list);
  }

  IbvSendWR read(long wrId, long remote, int rkey, List<IbvSge> local) {
    IbvSendWR wr = new IbvSendWR();
    wr.setWr_id(wrId);
    wr.setOpcode(IbvSendWR.IBV_WR_RDMA_READ);
    wr.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
    wr.getRdma().setRemote_addr(remote);
    wr.getRdma().setRkey(rkey);
    wr.setSg_list(new LinkedList<>(local));
    return wr;
  }

  SVCPostSend prepare(List<IbvSendWR> list) throws IOException {
    SVCPostSend post = qp.postSend(list, null);
    posts.add(post);
    return post;
  }

  /** Polls until so many are done; their statuses in the order they came. */
  List<Integer> await(int count) throws IOException {
    List<Integer> statuses = new ArrayList<>();
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (statuses.size() < count) {
      if (System.nanoTime() > deadline) {
        throw new IOException("only " + statuses.size() + " of " + count + " completions came");
      }
      arm.execute();
      int polled = poll.execute().getPolls();
      for (int i = 0; i < polled; i++) {
        statuses.add(completions[i].getStatus());
      }
      if (polled == 0 && events.getCqEvent(cq, 100)) {
        cq.ackEvents(1);
      }
    }
    return statuses;
  }

  /** Destroys in the order that the verbs demand: nothing goes before what uses it. */
  @Override
  public void close() {
    try {
      posts.forEach(SVCPostSend::free);
      poll.free();
      id.destroyQP();
      region.deregMr().execute().free();
      cq.destroyCQ();
      events.destroyCompChannel();
      pd.deallocPd();
      id.destroyId();
      buffer.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
