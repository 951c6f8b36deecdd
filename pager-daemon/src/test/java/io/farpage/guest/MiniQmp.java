package io.farpage.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** As much QMP as these tests need. */
final class MiniQmp implements AutoCloseable {
  private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
  private final BufferedReader reader;

  MiniQmp(QemuProcess qemu) throws IOException {
    channel.connect(UnixDomainSocketAddress.of(qemu.command().qmpSockets().get(0)));
    reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    reader.readLine();
    execute("qmp_capabilities");
  }

  String execute(String command) throws IOException {
    return send("{\"execute\":\"" + command + "\"}");
  }

  String execute(String command, String arguments) throws IOException {
    return send("{\"execute\":\"" + command + "\",\"arguments\":" + arguments + "}");
  }

  private String send(String line) throws IOException {
    channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
    while (true) {
      String answer = reader.readLine();
      if (answer == null || answer.startsWith("{\"error\"")) {
        throw new IOException(line + ": " + answer);
      }
      if (answer.startsWith("{\"return\"")) {
        return answer;
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
