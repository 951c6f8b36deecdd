package io.farpage.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.migration.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code farpage ctl}: talks to a running daemon. */
@Command(
    name = "ctl",
    description = "Asks or tells a running daemon that was given --control SOCK.",
    mixinStandardHelpOptions = true)
final class CtlCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "SOCK", description = "the daemon's --control socket")
  private Path socket;

  @Parameters(
      index = "1",
      paramLabel = "COMMAND",
      description = "status, start-postcopy, cancel, pause or resume")
  private String command;

  @Override
  public Integer call() {
    final ObjectMapper json = new ObjectMapper();
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      final String request = json.createObjectNode().put("execute", command) + "\n";
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
      final String line =
          new BufferedReader(
                  new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8))
              .readLine();
      if (line == null) {
        throw new IOException("the daemon closed the connection");
      }
      final JsonNode answer = json.readTree(line);
      if (answer.has("error")) {
        System.err.println("farpage: " + answer.path("error").path("desc").asText());
        return Outcome.REFUSED.exitCode();
      }
      System.out.println(answer.path("return"));
      return Outcome.COMPLETED.exitCode();
    } catch (final IOException e) {
      System.err.println(
          "farpage: "
              + socket
              + ": "
              + Main.oneLine(e)
              + "; was the daemon started with --control?");
      return Outcome.REFUSED.exitCode();
    }
  }
}
