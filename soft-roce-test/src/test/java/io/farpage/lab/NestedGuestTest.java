package io.farpage.lab;

import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.QemuProcess;
import io.farpage.guest.WriterGuest;
import io.farpage.test.Needs;
import io.farpage.test.ShmTempDir;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Guests run in the lab, and it has what a migration needs. */
@Tag("lab")
@Timeout(120)
public class NestedGuestTest {
  private static final long RAM = 32 << 20;

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  @Test
  void aGuestRuns() throws IOException {
    run(Needs.qemu());
  }

  @Test
  void aGuestRunsUnderQemu10() throws IOException {
    run(Needs.qemu10());
  }

  private void run(QemuInstallation installation) throws IOException {
    Path image = directory.resolve("disk");
    WriterGuest.builder(MachineType.PC, RAM).build().writeImage(image);
    try (QemuProcess qemu =
        QemuCommand.builder(installation, directory)
            .memory(RAM, directory.resolve("ram"))
            .disk(image)
            .build()
            .start()) {
      qemu.awaitSerial("R", Duration.ofSeconds(60));
    }
  }
}
