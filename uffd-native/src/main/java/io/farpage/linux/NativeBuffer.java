package io.farpage.linux;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Zeroed, page-aligned memory outside the Java heap, for structures that the kernel reads and
 * writes.
 *
 * <p>It is freed by {@link #close} only: nothing may use its address or its views afterwards.
 */
public final class NativeBuffer implements AutoCloseable {
  private final long lengthBytes;
  private long address;

  private NativeBuffer(long address, long lengthBytes) {
    this.address = address;
    this.lengthBytes = lengthBytes;
  }

  /**
   * Allocates memory.
   *
   * @param lengthBytes its length, &gt; 0
   * @throws OutOfMemoryError when the kernel refuses
   */
  public static NativeBuffer allocate(long lengthBytes) {
    if (lengthBytes <= 0) {
      throw new IllegalArgumentException("lengthBytes " + lengthBytes);
    }
    long address =
        Libc.mmap(
            0,
            lengthBytes,
            Abi.PROT_READ | Abi.PROT_WRITE,
            Abi.MAP_PRIVATE | Abi.MAP_ANONYMOUS,
            -1,
            0);
    if (address == -1) {
      throw new OutOfMemoryError("mmap of " + lengthBytes + " bytes: " + Errno.name(Libc.errno()));
    }
    return new NativeBuffer(address, lengthBytes);
  }

  /** The address of its first byte. */
  public long address() {
    if (address == 0) {
      throw new IllegalStateException("closed");
    }
    return address;
  }

  /** Its length in bytes. */
  public long lengthBytes() {
    return lengthBytes;
  }

  /**
   * A view of all of it, in native byte order.
   *
   * @throws IllegalStateException when it is longer than {@link Integer#MAX_VALUE} bytes, or closed
   */
  public ByteBuffer asByteBuffer() {
    if (lengthBytes > Integer.MAX_VALUE) {
      throw new IllegalStateException(lengthBytes + " bytes do not fit a ByteBuffer");
    }
    return new Pointer(address()).getByteBuffer(0, lengthBytes).order(ByteOrder.nativeOrder());
  }

  /** Frees the memory; does nothing the second time. */
  @Override
  public void close() {
    if (address != 0) {
      Libc.munmap(address, lengthBytes);
      address = 0;
    }
  }
}
