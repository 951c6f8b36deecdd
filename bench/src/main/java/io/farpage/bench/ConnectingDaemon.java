package io.farpage.bench;

import io.farpage.cli.LocalMigration;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.QemuProcess;
import io.farpage.migration.StateDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Daemons for a destination that connect to a source's and are killed. */
final class ConnectingDaemon {
  private static final long MEMORY_BYTES = 64 << 20;
  private static final String CONNECTED = "\"status\":\"setup\"";

  private final Testbed testbed;
  private final QemuInstallation installation;
  private final QemuProcess guest;
  private final Path directory;

  /** Starts a QEMU for the source. */
  ConnectingDaemon(final Testbed testbed, final QemuInstallation installation) throws IOException {
    this.testbed = testbed;
    this.installation = installation;
    directory = testbed.newDirectory("daemons");
    guest = start(false);
  }

  private QemuProcess start(final boolean incoming) throws IOException {
    final Path own = testbed.newDirectory("vm");
    final QemuCommand.Builder builder =
        QemuCommand.builder(installation, own)
            .memory(MEMORY_BYTES, own.resolve("ram"))
            .qmpSocket(own.resolve("qmp.sock"));
    return testbed.add((incoming ? builder.incoming() : builder).build().start());
  }

  /**
   * Starts {@code farpage dest} for a new QEMU, and before that a source: one whose destination has
   * gone ends, if it had heard enough of it.
   *
   * @param farpage the command line before {@code dest}
   * @return milliseconds until it says that it is connected
   */
  double millisToConnect(final List<String> farpage) throws IOException {
    final QemuProcess qemu = start(true);
    final LocalMigration source =
        testbed.add(LocalMigration.startSource(guest.command().qmpSockets().get(0), directory));
    final List<String> command = new ArrayList<>(farpage);
    command.addAll(
        List.of(
            "dest",
            "--qmp=" + qemu.command().qmpSockets().get(0),
            "--source=127.0.0.1:" + source.port(),
            "--state-dir=" + directory.resolve("destination"),
            "--mode=postcopy",
            "--json"));
    try {
      return TimeToLine.measure(command, line -> line.contains(CONNECTED));
    } finally {
      testbed.end(source);
      testbed.end(qemu);
      StateDirectory.remove(qemu.command().directory());
    }
  }
}
