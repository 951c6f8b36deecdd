package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
  void zipfIsEightClassesThatDoubleInSizeAndHaveTheSameShareOfTheWrites() {
    WriterGuest guest =
        WriterGuest.builder(MachineType.PC, 64 * MIB)
            .pattern(WritePattern.ZIPF)
            .range(16 * MIB, 2 * 255 * 4096)
            .build();
    List<WriterCursor> cursors = guest.cursors(0);
    assertEquals(
        List.of(2, 4, 8, 16, 32, 64, 128, 256),
        cursors.stream().map(WriterCursor::count).sorted().toList());
    int page = guest.firstPage();
    for (int i = 0; i < cursors.size(); i++) {
      assertEquals(page, cursors.get(i).firstPage());
      page += cursors.get(i).count();
      assertEquals(1000, WritePattern.ZIPF.visits(i, 8000));
    }
    assertEquals(guest.firstPage() + guest.pageCount(), page);
  }

  @ParameterizedTest
  @EnumSource
  void everyStepIsTakenByOneCursor(WritePattern pattern) {
    assertTrue(pattern.cursors() <= WriterImage.CURSORS);
    long[] visits = new long[pattern.cursors()];
    for (int step = 0; step < 100; step++) {
      for (int i = 0; i < visits.length; i++) {
        assertEquals(visits[i], pattern.visits(i, step));
      }
      visits[pattern.cursorOf(step)]++;
    }
  }

  @Test
  void whatCannotWorkIsRefused() {
    WriterGuest.Builder small = WriterGuest.builder(MachineType.PC, 2 * MIB);
    assertThrows(IllegalArgumentException.class, () -> small.range(MIB, 2 * MIB).build());
    assertThrows(IllegalArgumentException.class, () -> small.range(0, MIB).build());
    assertThrows(IllegalArgumentException.class, () -> small.range(MIB, MIB).cpus(17).build());
    assertThrows(IllegalArgumentException.class, () -> small.cpus(16).build());
    assertThrows(
        IllegalArgumentException.class, () -> small.cpus(2).pattern(WritePattern.ZIPF).build());
    assertThrows(
        IllegalArgumentException.class,
        () -> WriterGuest.builder(MachineType.PC, 3000 * MIB).aroundFourGiB(MIB, MIB).build());
  }
}
