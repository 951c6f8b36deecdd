package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.SVCRegMr;
import io.farpage.linux.NativeBuffer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What the queue pairs of one session may reach: a protection domain and its memory regions. Keys
 * die with it. Not thread-safe.
 */
final class ProtectionDomain implements AutoCloseable {
  private final IbvPd pd;
  private final Deque<IbvMr> regions = new ArrayDeque<>();
  private final Deque<NativeBuffer> buffers = new ArrayDeque<>();
  private long registeredBytes;

  private ProtectionDomain(final IbvPd pd) {
    this.pd = pd;
  }

  static ProtectionDomain allocate(final IbvContext device) throws IOException {
    final IbvPd pd = device.allocPd();
    if (pd == null) {
      throw new IOException("ibv_alloc_pd failed");
    }
    return new ProtectionDomain(pd);
  }

  IbvPd pd() {
    return pd;
  }

  /**
   * Registers memory of this process, which populates and pins it.
   *
   * @param access what may be done with it, of {@link IbvMr}'s constants
   * @throws IOException ENOMEM above the limit of locked memory
   */
  IbvMr register(final long address, final int lengthBytes, final int access) throws IOException {
    final IbvMr region = registerUncounted(address, lengthBytes, access);
    registeredBytes += lengthBytes;
    return region;
  }

  /** Memory for messages, and its key. */
  record Buffer(NativeBuffer memory, int lkey) {}

  /** Allocates and registers memory for messages; it lives as long as this domain. */
  Buffer newBuffer(final int lengthBytes) throws IOException {
    final NativeBuffer memory = NativeBuffer.allocate(lengthBytes);
    buffers.push(memory);
    return new Buffer(
        memory,
        registerUncounted(memory.address(), lengthBytes, IbvMr.IBV_ACCESS_LOCAL_WRITE).getLkey());
  }

  private IbvMr registerUncounted(final long address, final int lengthBytes, final int access)
      throws IOException {
    final SVCRegMr call = pd.regMr(address, lengthBytes, access);
    try {
      final IbvMr region = call.execute().getMr();
      regions.push(region);
      return region;
    } finally {
      call.free();
    }
  }

  /** Returns how many bytes {@link #register} has registered. */
  long registeredBytes() {
    return registeredBytes;
  }

  /** Deregisters everything; the queue pairs must have gone before. */
  @Override
  public void close() {
    while (!regions.isEmpty()) {
      try {
        regions.pop().deregMr().execute().free();
      } catch (final IOException e) {
        Verbs.ignored("deregistering memory", e);
      }
    }
    try {
      pd.deallocPd();
    } catch (final Exception e) {
      Verbs.ignored("deallocating a protection domain", e);
    }
    buffers.forEach(NativeBuffer::close);
  }
}
