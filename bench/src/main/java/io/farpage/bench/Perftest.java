package io.farpage.bench;

import io.farpage.transport.rdma.RdmaDevice;
import io.farpage.transport.rdma.RdmaGid;
import io.farpage.transport.rdma.RdmaPort;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Runs the programs of perftest between two processes on one device of this host. */
final class Perftest {
  private static final String LISTEN = "0A";
  private static final long TIMEOUT_NS = 120_000_000_000L;
  private static final long LOOK_NS = 20_000_000;

  private final InetAddress address;
  private final List<String> deviceOptions;

  /**
   * Chooses the device.
   *
   * @param address an address of it
   */
  Perftest(final RdmaDevice device, final InetAddress address) {
    this.address = address;
    deviceOptions = new ArrayList<>(List.of("-d", device.name()));
    for (final RdmaPort port : device.ports()) {
      // the last entry of an address is that of the newest protocol, RoCE v2
      port.gids().stream()
          .filter(gid -> gid.address().equals(address))
          .reduce((first, second) -> second)
          .map(RdmaGid::index)
          .ifPresent(
              index ->
                  deviceOptions.addAll(
                      List.of("-i", String.valueOf(port.number()), "-x", String.valueOf(index))));
    }
  }

  /**
   * Finds out whether the programs are there.
   *
   * @throws IOException when one is not
   */
  static void requireInstalled(final String... programs) throws IOException {
    final String[] path = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator);
    for (final String program : programs) {
      if (Stream.of(path).noneMatch(dir -> Files.isExecutable(Path.of(dir, program)))) {
        throw new IOException(program + " is not installed (Debian package: perftest)");
      }
    }
  }

  /**
   * Runs a program once as a server and once as its client.
   *
   * @return what the client printed, line by line
   */
  List<String> run(final String program, final String... options) throws IOException {
    final int port = freePort();
    final List<String> command = new ArrayList<>(List.of(program, "-F", "-p"));
    command.add(String.valueOf(port));
    command.addAll(deviceOptions);
    command.addAll(List.of(options));
    final Path output = Files.createTempFile("farpage-perftest", ".out");
    final Process server = start(command, output);
    try {
      awaitListening(server, port, output);
      command.add(address.getHostAddress());
      final Path clientOutput = Files.createTempFile("farpage-perftest", ".out");
      final Process client = start(command, clientOutput);
      try {
        if (!client.waitFor(TIMEOUT_NS, TimeUnit.NANOSECONDS)) {
          throw new IOException(program + " does not end");
        }
        server.waitFor(TIMEOUT_NS, TimeUnit.NANOSECONDS);
        return Files.readAllLines(clientOutput);
      } finally {
        client.destroyForcibly();
        Files.delete(clientOutput);
      }
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      server.destroyForcibly();
      Files.delete(output);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static Process start(final List<String> command, final Path output) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  private static void awaitListening(final Process server, final int port, final Path output)
      throws IOException {
    final long deadline = System.nanoTime() + TIMEOUT_NS;
    while (!isListening(port)) {
      if (!server.isAlive() || System.nanoTime() - deadline > 0) {
        throw new IOException("perftest does not start: " + Files.readString(output).strip());
      }
      LockSupport.parkNanos(LOOK_NS);
    }
  }

  /** Without connecting: that would be the server's one client. */
  private static boolean isListening(final int port) throws IOException {
    final String wanted = String.format(Locale.ROOT, ":%04X", port);
    for (final String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      if (Files.exists(Path.of(table))) {
        for (final String line : Files.readAllLines(Path.of(table), StandardCharsets.US_ASCII)) {
          final String[] words = line.strip().split("\\s+");
          if (words.length > 3 && words[1].endsWith(wanted) && words[3].equals(LISTEN)) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
