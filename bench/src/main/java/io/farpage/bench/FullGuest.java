package io.farpage.bench;

import io.farpage.guest.Accelerator;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A guest that does nothing, and whose RAM is full of data. */
final class FullGuest {
  private static final long SLACK_BYTES = 1L << 30;

  private final Testbed testbed;
  private final long memoryBytes;
  private final MovingWriter writer;
  private final RamFill fill;

  /**
   * Boots it, and lets it run.
   *
   * @param hosts where it is, and where it is moved to and back
   */
  FullGuest(
      final Testbed testbed,
      final QemuInstallation installation,
      final Accelerator accelerator,
      final List<Host> hosts,
      final long memoryBytes)
      throws IOException {
    this.testbed = testbed;
    this.memoryBytes = memoryBytes;
    writer =
        MovingWriter.boot(
            testbed, installation, accelerator, hosts, memoryBytes, WritePattern.IDLE);
    fill = RamFill.into(ram());
    writer.run();
  }

  private Path ram() {
    return writer.vm().qemu().command().backends().get(0).path();
  }

  /** Moves it by post-copy and compares its memory. */
  Move move() throws IOException {
    final DaemonOptions options =
        DaemonOptions.destination("--mode=postcopy").both("--transport=tcp");
    final Move move;
    try (MemoryReserve reserve = new MemoryReserve(testbed.directory(), reserveBytes())) {
      move = writer.vm().move(options, reserve);
    }
    fill.verify(ram());
    return move;
  }

  /** As much as arrives, but not what the destination needs room for. */
  private long reserveBytes() throws IOException {
    final long spare = RamFill.room(testbed.directory()) - memoryBytes - SLACK_BYTES;
    return Math.max(0, Math.min(memoryBytes, spare));
  }

  /** Compares also what the guest itself has written; stops it. */
  void verify() throws IOException {
    writer.verify();
  }
}
