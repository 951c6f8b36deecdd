package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.farpage.test.ShmTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunningWriterTest {
  private static final int RAM = 8 << 20;

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, RAM).pattern(WritePattern.HOT).cpus(2).build();
  private SimulatedWriter simulated;
  private Path file;
  private QemuCommand command;

  @BeforeEach
  void begin() throws IOException {
    simulated = new SimulatedWriter(guest, RAM, directory.resolve("image"));
    file = directory.resolve("ram");
    command =
        QemuCommand.builder(
                new QemuInstallation(Path.of("qemu"), Map.of(), List.of(), "0.0"), directory)
            .memory(RAM, file)
            .build();
  }

  @Test
  void stepsOfAllCpusAreCounted() throws IOException {
    store();
    try (RunningWriter writer = RunningWriter.open(guest, command)) {
      assertEquals(0, writer.steps());
      for (int steps = 1; steps <= 3; steps++) {
        simulated.run(1);
        store();
        assertEquals(2 * steps, writer.steps());
      }
    }
  }

  @Test
  void aGuestThatHasNotComeYetHasWrittenNothing() throws IOException {
    Files.write(file, new byte[RAM]);
    try (RunningWriter writer = RunningWriter.open(guest, command)) {
      assertEquals(0, writer.steps());
    }
  }

  @Test
  void theDelayIsWhereEachStepReadsIt() throws IOException {
    store();
    try (RunningWriter writer = RunningWriter.open(guest, command);
        GuestRamFiles memory = GuestRamFiles.open(MachineType.PC, command.backends())) {
      writer.delayIterations(4711);
      // the image's sectors from the second on are loaded to 0x7e00
      assertEquals(4711, memory.getInt(0x7e00 - WriterImage.PARAMS_OFFSET + 0x218));
    }
  }

  /** In place: the file stays the one that was opened. */
  private void store() throws IOException {
    Files.write(file, simulated.ram.array());
  }
}
