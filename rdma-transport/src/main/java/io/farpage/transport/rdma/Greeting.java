package io.farpage.transport.rdma;

import com.ibm.disni.verbs.IbvWC;
import io.farpage.linux.NativeBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * The first and only message on a connection: by it the source knows that whoever has connected
 * belongs to the authenticated control session.
 *
 * <p>rdma_cm could carry it as private data, but DiSNI shows no such data to who accepts.
 */
final class Greeting {
  /** Its length, which is that of a lane's preface. */
  static final int LENGTH_BYTES = 32;

  private static final long PAUSE_NS = 200_000;

  private Greeting() {}

  /** Sends the message and waits until it has arrived. */
  static void send(
      final QueuePair queuePair,
      final ProtectionDomain domain,
      final byte[] message,
      final int timeoutMs)
      throws IOException {
    final ProtectionDomain.Buffer buffer = domain.newBuffer(LENGTH_BYTES);
    buffer.memory().asByteBuffer().put(0, message, 0, LENGTH_BYTES);
    queuePair.postSend(buffer.memory().address(), LENGTH_BYTES, buffer.lkey());
    final long deadline = System.nanoTime() + timeoutMs * 1_000_000L;
    while (queuePair.poll() == 0) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("the source does not answer over RDMA");
      }
      LockSupport.parkNanos(PAUSE_NS);
    }
    final IbvWC completion = queuePair.completion(0);
    if (completion.getStatus() != 0) {
      throw new IOException(
          "the source does not take the connection: "
              + VerbsExtras.statusText(completion.getStatus()));
    }
  }

  /** Makes ready for the message; must come before the connection is accepted. */
  static NativeBuffer expect(final QueuePair queuePair, final ProtectionDomain domain)
      throws IOException {
    final ProtectionDomain.Buffer buffer = domain.newBuffer(LENGTH_BYTES);
    queuePair.postReceive(buffer.memory().address(), LENGTH_BYTES, buffer.lkey());
    return buffer.memory();
  }

  /**
   * Looks for the message.
   *
   * @return what was sent, or null when nothing has come
   * @throws IOException when the connection broke, or something else was sent
   */
  static byte[] receive(final QueuePair queuePair, final NativeBuffer memory) throws IOException {
    if (queuePair.poll() == 0) {
      return null;
    }
    final IbvWC completion = queuePair.completion(0);
    if (completion.getStatus() != 0) {
      throw new IOException(VerbsExtras.statusText(completion.getStatus()));
    }
    if (completion.getByte_len() != LENGTH_BYTES) {
      throw new IOException("a message of " + completion.getByte_len() + " bytes");
    }
    final byte[] message = new byte[LENGTH_BYTES];
    final ByteBuffer buffer = memory.asByteBuffer();
    buffer.get(0, message);
    return message;
  }
}
