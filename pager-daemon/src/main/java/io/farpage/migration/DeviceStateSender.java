package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.FrameType;
import io.farpage.linux.PeerCredentials;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Takes the device-state stream from the source's VMM on a local UNIX socket and passes it on as
 * frames, all but its last byte: without it no VMM can finish loading, so that sending it is the
 * source's word that the guest may run on the destination.
 */
final class DeviceStateSender implements AutoCloseable {
  private static final int BUFFER_BYTES = 256 * 1024;

  private final Path path;
  private final ServerSocketChannel server;
  private final int vmmPid;
  private final ControlChannel control;
  private final Inbox inbox;
  private volatile SocketChannel stream;
  private volatile long streamedBytes;
  private byte heldBack;
  private boolean anything;

  private DeviceStateSender(
      final Path path,
      final ServerSocketChannel server,
      final int vmmPid,
      final ControlChannel control,
      final Inbox inbox) {
    this.path = path;
    this.server = server;
    this.vmmPid = vmmPid;
    this.control = control;
    this.inbox = inbox;
  }

  /** Listens for the VMM; the end of its stream is reported to the inbox. */
  static DeviceStateSender listen(
      final Path path, final int vmmPid, final ControlChannel control, final Inbox inbox)
      throws IOException {
    final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(path));
    } catch (final IOException e) {
      server.close();
      throw e;
    }
    final DeviceStateSender sender = new DeviceStateSender(path, server, vmmPid, control, inbox);
    final Thread thread = new Thread(sender::carry, "device-state");
    thread.setDaemon(true);
    thread.start();
    return sender;
  }

  private void carry() {
    String failure = null;
    try (SocketChannel vmm = server.accept()) {
      stream = vmm;
      if (PeerCredentials.of(vmm).pid() != vmmPid) {
        throw new IOException("somebody other than QEMU connected to its socket");
      }
      final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
      while (true) {
        buffer.clear();
        if (anything) {
          buffer.put(heldBack);
        }
        if (vmm.read(buffer) < 0) {
          break;
        }
        anything = true;
        final int length = buffer.position() - 1;
        heldBack = buffer.get(length);
        if (length > 0) {
          control.send(FrameType.DEVICE_STATE, buffer.array(), length);
          streamedBytes += length;
        }
      }
    } catch (final IOException e) {
      failure = e.getMessage() == null ? e.toString() : e.getMessage();
    }
    inbox.put(new Signal.StreamEnded(failure));
  }

  /** Sends the last byte; only after the stream's end, and once. */
  void sendEnd() throws IOException {
    control.send(FrameType.DEVICE_STATE_END, new byte[] {heldBack}, anything ? 1 : 0);
  }

  long streamedBytes() {
    return streamedBytes;
  }

  @Override
  public void close() throws IOException {
    server.close();
    final SocketChannel vmm = stream;
    if (vmm != null) {
      vmm.close();
    }
    Files.deleteIfExists(path);
  }
}
