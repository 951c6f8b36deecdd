package io.farpage.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Talks to the guest's serial port. What the guest says is read from the log; the connection only
 * takes what is sent, and lasts for one command, so that nobody needs to drain it.
 */
final class SerialConsole {
  private SerialConsole() {}

  static String command(QemuProcess qemu, String command, Duration timeout) {
    int from = qemu.serial().length();
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(qemu.command().serialSocket()));
      ByteBuffer line = ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.US_ASCII));
      while (line.hasRemaining()) {
        channel.write(line);
      }
      qemu.awaitSerial("DONE " + command.split(" ")[0], from, timeout);
      return qemu.serial().substring(from);
    } catch (IOException e) {
      throw new UncheckedIOException("'" + command + "' to " + qemu.command().serialSocket(), e);
    }
  }
}
