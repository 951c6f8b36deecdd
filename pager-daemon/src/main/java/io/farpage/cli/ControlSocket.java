package io.farpage.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.json.JsonTrees;
import io.farpage.migration.MigrationException;
import io.farpage.migration.MigrationListener;
import io.farpage.migration.MigrationStatus;
import io.farpage.migration.Outcome;
import io.farpage.migration.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.LoggerFactory;

/**
 * The UNIX socket that {@code farpage ctl} talks to: one command a connection, as {@code
 * {"execute":"status"}}, answered by {@code {"return":...}} or {@code {"error":{"desc":...}}}.
 */
final class ControlSocket implements AutoCloseable, MigrationListener {
  private static final JsonTrees JSON = new JsonTrees();
  private static final String WHO = "farpage ctl";
  private static final int MAX_REQUEST_CHARS = 4096;

  private final Path path;
  private final ServerSocketChannel server;
  private final DaemonControl daemon;
  private volatile MigrationStatus status = MigrationStatus.NONE;
  private volatile Progress progress;

  private ControlSocket(
      final Path path, final ServerSocketChannel server, final DaemonControl daemon) {
    this.path = path;
    this.server = server;
    this.daemon = daemon;
  }

  /** Opens the socket and listens to the session; a null path opens nothing. */
  static ControlSocket open(final Path path, final Session session, final DaemonControl daemon)
      throws MigrationException {
    if (path == null) {
      return null;
    }
    try {
      if (Files.exists(path)) {
        throw new IOException("it exists; if no other Farpage uses it, remove it");
      }
      final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(path));
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      final ControlSocket socket = new ControlSocket(path, server, daemon);
      session.addListener(socket);
      final Thread thread = new Thread(socket::serve, "ctl");
      thread.setDaemon(true);
      thread.start();
      return socket;
    } catch (final IOException e) {
      throw new MigrationException(
          Outcome.REFUSED, "--control " + path + ": " + Main.oneLine(e), e);
    }
  }

  @Override
  public void onStatus(final MigrationStatus next) {
    status = next;
  }

  @Override
  public void onProgress(final Progress next) {
    progress = next;
  }

  private void serve() {
    while (true) {
      try (SocketChannel client = server.accept()) {
        final BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(Channels.newInputStream(client), StandardCharsets.UTF_8));
        final char[] request = new char[MAX_REQUEST_CHARS];
        int length = 0;
        while (length < request.length) {
          final int c = reader.read();
          if (c < 0 || c == '\n') {
            break;
          }
          request[length++] = (char) c;
        }
        final String answer = answer(new String(request, 0, length)) + "\n";
        client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
      } catch (final ClosedChannelException e) {
        return;
      } catch (final IOException e) {
        LoggerFactory.getLogger(ControlSocket.class).warn("ctl: {}", Main.oneLine(e));
      }
    }
  }

  private String answer(final String request) {
    String command;
    try {
      final JsonNode tree = JSON.read(request);
      command = tree.path("execute").asText();
    } catch (final IOException e) {
      command = "";
    }
    final ObjectNode answer = JsonTrees.object();
    switch (command) {
      case "status" -> answer.set("return", describe());
      case "cancel" -> {
        daemon.cancel(WHO);
        answer.putObject("return");
      }
      case "start-postcopy" -> {
        if (daemon.startPostcopy(WHO)) {
          answer.putObject("return");
        } else {
          answer
              .putObject("error")
              .put("desc", "there is no warm-up to end: the migration is " + status.qemuName());
        }
      }
      case "pause", "resume" ->
          answer.putObject("error").put("desc", command + " is not in this version");
      default ->
          answer
              .putObject("error")
              .put("desc", "unknown command; status, start-postcopy, cancel, pause, resume");
    }
    return JSON.write(answer);
  }

  private ObjectNode describe() {
    final ObjectNode result = JsonTrees.object().put("status", status.qemuName());
    final Progress last = progress;
    if (last != null) {
      result
          .putObject("ram")
          .put("total", last.totalBytes())
          .put("remaining", last.remainingBytes())
          .put("postcopy-requests", last.demandFaults())
          .put("prefetched-pages", last.prefetchedPages());
    }
    return result;
  }

  @Override
  public void close() {
    try {
      server.close();
      Files.deleteIfExists(path);
    } catch (final IOException e) {
      LoggerFactory.getLogger(ControlSocket.class).debug("closing the control socket", e);
    }
  }
}
