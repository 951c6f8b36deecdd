package io.farpage.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Who is at the other end of a UNIX socket, as the kernel knows it: the process that connected or
 * listened.
 */
public final class PeerCredentials {
  private final int pid;
  private final int uid;
  private final int gid;

  private PeerCredentials(int pid, int uid, int gid) {
    this.pid = pid;
    this.uid = uid;
    this.gid = gid;
  }

  /**
   * Asks the kernel (SO_PEERCRED).
   *
   * @param unixSocket a connected UNIX socket
   * @throws LinuxException ENOPROTOOPT and the like when it is no such socket
   */
  public static PeerCredentials of(SocketChannel unixSocket) throws IOException {
    try (NativeBuffer memory = NativeBuffer.allocate(Abi.UCRED_SIZE)) {
      int[] length = {Abi.UCRED_SIZE};
      int fd = ChannelFd.of(unixSocket);
      if (Libc.getsockopt(fd, Abi.SOL_SOCKET, Abi.SO_PEERCRED, memory.address(), length) != 0) {
        throw new LinuxException("SO_PEERCRED of " + unixSocket, Libc.errno());
      }
      ByteBuffer ucred = memory.asByteBuffer();
      return new PeerCredentials(
          ucred.getInt(Abi.UCRED_PID), ucred.getInt(Abi.UCRED_UID), ucred.getInt(Abi.UCRED_GID));
    }
  }

  /** The process, in this process's pid namespace; 0 when it is not visible from here. */
  public int pid() {
    return pid;
  }

  /** Its effective user at that time. */
  public int uid() {
    return uid;
  }

  /** Its effective group at that time. */
  public int gid() {
    return gid;
  }
}
