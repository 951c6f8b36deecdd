package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriterGuestTest {
  private static final long MIB = 1 << 20;

  @Test
  void theImageIsABootableDiskOfOneMebibyte(@TempDir Path directory) throws IOException {
    Path image = directory.resolve("disk");
    WriterGuest.builder(MachineType.PC, 64 * MIB).build().writeImage(image);
    byte[] bytes = Files.readAllBytes(image);
    assertEquals(MIB, bytes.length);
    assertEquals(0xaa55, bytes[511] << 8 & 0xff00 | bytes[510] & 0xff);
  }

  @Test
  void allRamFromOneMebibyteOnIsWrittenToByDefault() {
    assertEquals(63 * 256, WriterGuest.builder(MachineType.PC, 64 * MIB).build().pageCount());
    assertEquals(
        (3072 - 1) * 256, WriterGuest.builder(MachineType.PC, 5120 * MIB).build().pageCount());
  }

  @Test
  void aWindowBeginsAtFourGibForTheHost() {
    WriterGuest guest =
        WriterGuest.builder(MachineType.PC, 5120 * MIB).aroundFourGiB(4 * MIB, 8 * MIB).build();
    assertEquals(1020 * MIB, guest.gpa(guest.firstPage()));
    assertEquals(4096 * MIB, guest.gpa(guest.firstPage() + 1024));
    assertEquals(4104 * MIB - 4096, guest.gpa(guest.firstPage() + guest.pageCount() - 1));
  }

  @Test
  void whatCannotWorkIsRefused() {
    WriterGuest.Builder small = WriterGuest.builder(MachineType.PC, 2 * MIB);
    assertThrows(IllegalArgumentException.class, () -> small.range(MIB, 2 * MIB).build());
    assertThrows(IllegalArgumentException.class, () -> small.range(0, MIB).build());
    assertThrows(IllegalArgumentException.class, () -> small.range(MIB, MIB).cpus(17).build());
    assertThrows(IllegalArgumentException.class, () -> small.cpus(16).build());
    assertThrows(
        IllegalArgumentException.class,
        () -> WriterGuest.builder(MachineType.PC, 3000 * MIB).aroundFourGiB(MIB, MIB).build());
  }
}
