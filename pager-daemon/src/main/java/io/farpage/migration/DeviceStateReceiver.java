package io.farpage.migration;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Passes the device state on to the destination's VMM, which listens on a local UNIX socket. */
final class DeviceStateReceiver implements AutoCloseable {
  private final SocketChannel vmm;

  private DeviceStateReceiver(final SocketChannel vmm) {
    this.vmm = vmm;
  }

  static DeviceStateReceiver connect(final Path path) throws IOException {
    final SocketChannel vmm = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      vmm.connect(UnixDomainSocketAddress.of(path));
      return new DeviceStateReceiver(vmm);
    } catch (final IOException e) {
      vmm.close();
      throw e;
    }
  }

  /** Writes bytes, waiting for the VMM, which may itself wait for pages. */
  void write(final byte[] bytes) throws IOException {
    final ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      vmm.write(buffer);
    }
  }

  /** Says that the stream is complete. */
  void end() throws IOException {
    vmm.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    vmm.close();
  }
}
