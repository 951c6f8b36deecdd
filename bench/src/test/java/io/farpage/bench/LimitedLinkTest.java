package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.bench.LimitedLink.End;
import io.farpage.test.Needs;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real namespaces, and real traffic between them. */
@Timeout(60)
class LimitedLinkTest {
  private static final long MIB = 1 << 20;

  @BeforeEach
  void needNamespaces() throws IOException, InterruptedException {
    Needs.root();
    final String probe = "farpage-probe-" + ProcessHandle.current().pid();
    final String script =
        "command -v tc >/dev/null || { echo 'no tc'; exit 1; };"
            + " ip netns add $0 && ip -netns $0 link add v type veth;"
            + " made=$?; ip netns delete $0; exit $made";
    final Process process =
        new ProcessBuilder("sh", "-c", script, probe).redirectErrorStream(true).start();
    final String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      Needs.missing("network namespaces, virtual Ethernet and tc (package iproute2): " + output);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {4 * MIB, 40 * MIB})
  void theRateIsThatOfTheLimitInBothDirections(final long bytesPerSecond) throws IOException {
    try (LimitedLink link = LimitedLink.open(bytesPerSecond)) {
      assertRate(bytesPerSecond, link.source(), link.destination());
      assertRate(bytesPerSecond, link.destination(), link.source());
    }
  }

  @Test
  void nothingIsLeftOfIt() throws IOException {
    final End source;
    final End destination;
    try (LimitedLink link = LimitedLink.open(MIB)) {
      source = link.source();
      destination = link.destination();
      assertTrue(exists(source) && exists(destination));
    }
    assertFalse(exists(source) || exists(destination));
  }

  @Test
  void closingItTwiceIsHarmless() throws IOException {
    final LimitedLink link = LimitedLink.open(MIB);
    link.close();
    link.close();
    assertFalse(exists(link.source()));
  }

  @Test
  void whatCannotBeMadeLeavesNothing() throws IOException {
    final String ours = "farpage-" + ProcessHandle.current().pid() + "-";
    // fails when the namespaces are there: more bits than a number holds
    assertThrows(ArithmeticException.class, () -> LimitedLink.open(1L << 62));
    try (Stream<Path> all = Files.list(Path.of("/run/netns"))) {
      assertEquals(
          List.of(), all.filter(p -> p.getFileName().toString().startsWith(ours)).toList());
    }
  }

  @Test
  void linksDoNotCollide() throws IOException {
    try (LimitedLink one = LimitedLink.open(MIB);
        LimitedLink other = LimitedLink.open(MIB)) {
      assertNotEquals(one.source().namespace(), other.source().namespace());
      assertTrue(exists(one.destination()) && exists(other.destination()));
    }
  }

  @Test
  void unixSocketsAreReachedFromBothEnds(@TempDir final Path directory) throws IOException {
    final UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
    try (LimitedLink link = LimitedLink.open(MIB);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      for (final End end : List.of(link.source(), link.destination())) {
        final Process process = start(end, "say", address.getPath().toString());
        try (SocketChannel channel = server.accept()) {
          final ByteBuffer heard = ByteBuffer.allocate(5);
          while (heard.hasRemaining() && channel.read(heard) >= 0) {}
          assertEquals("hello", new String(heard.array(), StandardCharsets.US_ASCII));
        } finally {
          process.destroyForcibly();
        }
      }
    }
  }

  private static void assertRate(final long limit, final End from, final End to)
      throws IOException {
    final Process receiver = start(to, "receive", to.address());
    Process sender = null;
    try (BufferedReader output = receiver.inputReader()) {
      final String port = output.readLine().split(" ")[1];
      sender = start(from, "send", to.address(), port, "2");
      final double rate = Double.parseDouble(output.readLine().split(" ")[1]);
      assertEquals(limit, rate, 0.1 * limit, from + " to " + to);
    } finally {
      receiver.destroyForcibly();
      if (sender != null) {
        sender.destroyForcibly();
      }
    }
  }

  private static Process start(final End end, final String... arguments) throws IOException {
    final List<String> command = new ArrayList<>(end.command());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    final String classPath = System.getProperty("surefire.test.class.path");
    command.addAll(List.of("-cp", classPath, LinkTraffic.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
  }

  private static boolean exists(final End end) {
    return Files.exists(Path.of("/run/netns", end.namespace()));
  }
}
