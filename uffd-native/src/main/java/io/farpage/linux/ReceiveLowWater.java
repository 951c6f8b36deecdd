package io.farpage.linux;

import java.nio.ByteBuffer;

/**
 * How many bytes must have come for a socket to be readable (SO_RCVLOWAT). One per socket; not
 * thread-safe. Allocates nothing after construction.
 */
public final class ReceiveLowWater implements AutoCloseable {
  private final int fd;
  private final NativeBuffer memory = NativeBuffer.allocate(Integer.BYTES);
  private final ByteBuffer value = memory.asByteBuffer();
  private int bytes = 1;

  /**
   * For a socket that has the kernel's own value, one byte.
   *
   * @param fd the socket; not closed with this
   */
  public ReceiveLowWater(int fd) {
    this.fd = fd;
  }

  /**
   * Sets the value; costs a system call when it changes. A kernel that refuses reports every byte.
   * HOT.
   *
   * @param lowestBytes from 1 on; data that fills the socket's buffer is always reported
   */
  public void set(int lowestBytes) {
    if (lowestBytes != bytes) {
      bytes = lowestBytes;
      value.putInt(0, lowestBytes);
      Libc.setsockopt(fd, Abi.SOL_SOCKET, Abi.SO_RCVLOWAT, memory.address(), Integer.BYTES);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
