package io.farpage.qmp;

import io.farpage.linux.PeerCredentials;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Opens the UNIX socket, and says in the operator's terms why it cannot. */
final class QmpSocket {
  private static final int FILE_TYPE_MASK = 0170000;
  private static final int FILE_TYPE_SOCKET = 0140000;

  private QmpSocket() {}

  /**
   * Connects. With a full backlog (QEMU's is one client long) the kernel lets {@code connect} wait
   * for ever: so that is done on a thread of its own, and given up by closing the channel.
   */
  static SocketChannel open(Path path, Duration timeout) {
    checkIsSocket(path);
    SocketChannel channel;
    UnixDomainSocketAddress address;
    try {
      address = UnixDomainSocketAddress.of(path);
      channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    } catch (IOException | RuntimeException e) {
      throw new QmpClosedException("cannot open the QMP socket " + path + ": " + e.getMessage(), e);
    }
    CompletableFuture<Void> connected = new CompletableFuture<>();
    Thread connector =
        new Thread(
            () -> {
              try {
                channel.connect(address);
                connected.complete(null);
              } catch (IOException | RuntimeException e) {
                connected.completeExceptionally(e);
              }
            },
            "qmp-connect " + path.getFileName());
    connector.setDaemon(true);
    connector.start();
    try {
      connected.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return channel;
    } catch (ExecutionException e) {
      closeQuietly(channel, e);
      throw explained(path, e.getCause());
    } catch (TimeoutException e) {
      closeQuietly(channel, e);
      throw new QmpTimeoutException(
          path
              + " accepts no connection: other clients (e.g. libvirt) hold it; give Farpage its own: add a second "
              + optionFor(path.resolveSibling("farpage.qmp")));
    } catch (InterruptedException e) {
      closeQuietly(channel, e);
      Thread.currentThread().interrupt();
      throw new QmpException("interrupted while connecting to " + path, e);
    }
  }

  /** The process that listens at the other end; 0 when it is not visible from here. */
  static int peerPid(Path path, SocketChannel channel) {
    try {
      return PeerCredentials.of(channel).pid();
    } catch (IOException e) {
      throw new QmpClosedException(
          "cannot tell which process listens on " + path + ": " + e.getMessage(), e);
    }
  }

  /** The QEMU option that makes a QMP socket at a path. */
  static String optionFor(Path path) {
    return "-qmp unix:" + path + ",server=on,wait=off";
  }

  private static void checkIsSocket(Path path) {
    int mode;
    try {
      mode = (Integer) Files.getAttribute(path, "unix:mode");
    } catch (NoSuchFileException e) {
      throw new QmpClosedException(noSuchSocket(path), e);
    } catch (AccessDeniedException e) {
      throw new QmpClosedException(denied(path), e);
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).endsWith("Not a directory")) {
        throw new QmpClosedException(noSuchSocket(path), e);
      }
      throw new QmpClosedException(
          "cannot look at the QMP socket " + path + ": " + e.getMessage(), e);
    }
    if ((mode & FILE_TYPE_MASK) != FILE_TYPE_SOCKET) {
      throw new QmpClosedException(
          path
              + " is not a socket; name the UNIX socket of QEMU's option "
              + optionFor(Path.of("PATH")));
    }
  }

  /** The kernel's reason is only in the message of the JDK's exception. */
  static QmpClosedException explained(Path path, Throwable cause) {
    String reason = String.valueOf(cause.getMessage());
    if (cause instanceof SocketException && reason.contains("refused")) {
      return new QmpClosedException(
          "nobody listens on the QMP socket " + path + ": it is stale; is that QEMU running?",
          cause);
    }
    if (reason.contains("ermission denied")) {
      return new QmpClosedException(denied(path), cause);
    }
    if (reason.contains("No such file")) {
      return new QmpClosedException(noSuchSocket(path), cause);
    }
    return new QmpClosedException(
        "cannot connect to the QMP socket " + path + ": " + reason, cause);
  }

  private static String noSuchSocket(Path path) {
    return "no such QMP socket: " + path + "; start QEMU with " + optionFor(path);
  }

  private static String denied(Path path) {
    return "no permission for the QMP socket "
        + path
        + "; run Farpage as root or as the user that QEMU runs as";
  }

  private static void closeQuietly(SocketChannel channel, Exception reason) {
    try {
      channel.close();
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }
}
