package io.farpage.test;

import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuCommand;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.QemuProcess;
import io.farpage.guest.WriterGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Whether KVM runs the writer guest; tried once. */
final class KvmProbe {
  private static final long RAM_BYTES = 16 << 20;

  private static final class Holder {
    static final String PROBLEM = probe();
  }

  private KvmProbe() {}

  /** Null when there is none. */
  static String problem() {
    return Holder.PROBLEM;
  }

  private static String probe() {
    if (!Files.isWritable(Path.of("/dev/kvm"))) {
      return "/dev/kvm is missing or not writable";
    }
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "farpage-kvm-");
      try {
        return probe(directory);
      } finally {
        for (Path file : list(directory)) {
          Files.delete(file);
        }
        Files.delete(directory);
      }
    } catch (IOException | IllegalStateException e) {
      return "the writer guest does not run: " + e.getMessage();
    }
  }

  private static String probe(Path directory) throws IOException {
    QemuInstallation installation = QemuInstallation.system().orElseThrow();
    Path image = directory.resolve("disk");
    WriterGuest.builder(MachineType.PC, RAM_BYTES)
        .range(1 << 20, 1 << 20)
        .build()
        .writeImage(image);
    try (QemuProcess qemu =
        QemuCommand.builder(installation, directory)
            .accelerator(Accelerator.KVM)
            .memory(RAM_BYTES, directory.resolve("ram"))
            .disk(image)
            .build()
            .start()) {
      qemu.awaitSerial("R", Duration.ofSeconds(60));
      return null;
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.toList();
    }
  }
}
