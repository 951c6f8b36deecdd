package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Between a daemon and its QEMU: what QEMU says is held back from a certain word on, so that a test
 * can act while the daemon is in a certain state. When the daemon sends a certain command, or the
 * test says so, everything goes through.
 */
final class QmpGate implements AutoCloseable {
  private final Vm vm;
  private final String heldFrom;
  private final String openedBy;
  private final Path directory;
  private final ServerSocketChannel server;
  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch opened = new CountDownLatch(1);

  /**
   * Starts to listen.
   *
   * @param heldFrom part of the first line of QEMU's that is held back
   * @param openedBy part of the daemon's command that opens the gate
   */
  QmpGate(final Vm vm, final String heldFrom, final String openedBy) throws IOException {
    this.vm = vm;
    this.heldFrom = heldFrom;
    this.openedBy = openedBy;
    directory = Files.createTempDirectory("farpage-gate-");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket()));
    start(this::serve);
  }

  /** Where the daemon connects, together with {@link #pidOption()}. */
  Path socket() {
    return directory.resolve("qmp.sock");
  }

  /** Tells the daemon that QEMU is behind the gate. */
  String pidOption() {
    return "--pid=" + vm.qemu().pid();
  }

  /** Waits until QEMU has said what is held back. */
  void awaitHeld() throws InterruptedException {
    assertTrue(held.await(60, TimeUnit.SECONDS), "QEMU did not say " + heldFrom);
  }

  void open() {
    opened.countDown();
  }

  private void serve() {
    try (SocketChannel daemon = server.accept();
        SocketChannel qemu = SocketChannel.open(UnixDomainSocketAddress.of(vm.qmpSocket()))) {
      start(() -> answers(qemu, daemon));
      final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
      while (daemon.read(buffer.clear()) >= 0) {
        buffer.flip();
        final String command = StandardCharsets.UTF_8.decode(buffer.duplicate()).toString();
        while (buffer.hasRemaining()) {
          qemu.write(buffer);
        }
        if (command.contains(openedBy)) {
          open();
        }
      }
    } catch (final IOException e) {
      open(); // a side has ended, as the test wanted
    }
  }

  private void answers(final SocketChannel qemu, final SocketChannel daemon) {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(Channels.newInputStream(qemu), StandardCharsets.UTF_8))) {
      final OutputStream out = Channels.newOutputStream(daemon);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.contains(heldFrom)) {
          held.countDown();
          opened.await();
        }
        out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
      }
      daemon.close();
    } catch (final IOException e) {
      held.countDown(); // a side has ended, as the test wanted
    } catch (final InterruptedException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }

  private static void start(final Runnable body) {
    final Thread thread = new Thread(body, "qmp-gate");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    open();
    server.close();
    StateDirectory.remove(directory);
  }
}
