package io.farpage.migration;

import io.farpage.guest.QemuProcess;
import io.farpage.guest.WriterGuest;
import io.farpage.guest.WriterGuestVerifier;
import io.farpage.guest.WriterVerification;
import io.farpage.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A QEMU of a test, with a QMP session besides that of the daemon. */
final class Vm implements AutoCloseable {
  private static final Duration QMP = Duration.ofSeconds(20);

  private static final Duration BALLOON = Duration.ofMinutes(1);

  private final QemuProcess qemu;
  private final WriterGuest guest;
  private QmpClient qmp;

  Vm(final QemuProcess qemu, final WriterGuest guest) {
    this.qemu = qemu;
    this.guest = guest;
  }

  QemuProcess qemu() {
    return qemu;
  }

  /** The socket for the daemon. */
  Path qmpSocket() {
    return qemu.command().qmpSockets().get(0);
  }

  /** The test's own session. */
  synchronized QmpClient qmp() {
    if (qmp == null) {
      qmp = QmpClient.connect(qemu.command().qmpSockets().get(1), QMP);
    }
    return qmp;
  }

  /** The RAM file of a VM that has one. */
  Path ramFile() {
    return qemu.command().backends().get(0).path();
  }

  /** Eight bytes at a guest physical address, as QEMU itself reads them. */
  long physicalWord(final long address) {
    final String answer =
        qmp()
            .execute(
                "human-monitor-command",
                Map.of("command-line", "xp /1xg 0x" + Long.toHexString(address)))
            .asText();
    return Long.parseUnsignedLong(answer.substring(answer.lastIndexOf("0x") + 2).strip(), 16);
  }

  /** Has the guest give back all but so much memory, or take it again, and waits until it has. */
  void balloon(final int sizeMib) {
    final long wanted = (long) sizeMib << 20;
    qmp().execute("balloon", Map.of("value", wanted));
    qemu.await(
        "a balloon that leaves " + sizeMib + " MiB",
        BALLOON,
        () -> qmp().execute("query-balloon").path("actual").asLong() == wanted);
  }

  String runState() {
    return qmp().execute("query-status").path("status").asText();
  }

  /** Waits until the guest has made progress: it prints a dot every so many steps. */
  void requireWriting() {
    final int from = qemu.serial().length();
    qemu.awaitSerial(".", from, Duration.ofSeconds(60));
  }

  /** Stops the guest and compares every byte that it wrote. */
  WriterVerification verify() throws IOException {
    qmp().execute("stop");
    return new WriterGuestVerifier(guest).verify(qemu.memory()).orThrow();
  }

  @Override
  public void close() {
    if (qmp != null) {
      qmp.close();
    }
  }
}
