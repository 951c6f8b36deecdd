package io.farpage.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.farpage.test.ShmTempDir;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestRamFilesTest {
  private static final long GIB = 1L << 30;

  @TempDir(factory = ShmTempDir.class)
  Path directory;

  private RamBackend backend(String name, long sizeBytes) throws IOException {
    Path path = directory.resolve(name);
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), sizeBytes - 1);
    }
    return new RamBackend(name, sizeBytes, path);
  }

  private static void put(RamBackend backend, long offset, int value) throws IOException {
    ByteBuffer word = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value);
    try (FileChannel file = FileChannel.open(backend.path(), StandardOpenOption.WRITE)) {
      file.write(word, offset);
    }
  }

  @Test
  void addressesAreOffsetsBelowThePciHole() throws IOException {
    RamBackend ram = backend("ram", 8 << 20);
    put(ram, 0x123000, 42);
    try (GuestRamFiles memory = GuestRamFiles.open(MachineType.PC, List.of(ram))) {
      assertEquals(42, memory.getInt(0x123000));
      assertEquals(0, memory.getInt(0x124000));
      assertThrows(IllegalArgumentException.class, () -> memory.getInt(8 << 20));
    }
  }

  @Test
  void ramGoesOnAtFourGibBehindThePciHole() throws IOException {
    RamBackend ram = backend("ram", 5 * GIB);
    put(ram, 3 * GIB, 42);
    put(ram, 2 * GIB, 43);
    try (GuestRamFiles pc = GuestRamFiles.open(MachineType.PC, List.of(ram));
        GuestRamFiles q35 = GuestRamFiles.open(MachineType.Q35, List.of(ram))) {
      assertEquals(42, pc.getInt(4 * GIB));
      assertEquals(43, q35.getInt(4 * GIB));
      assertThrows(IllegalArgumentException.class, () -> pc.getInt(3 * GIB));
      assertThrows(IllegalArgumentException.class, () -> pc.getInt(6 * GIB));
    }
  }

  @Test
  void backendsFollowEachOther() throws IOException {
    RamBackend first = backend("first", 1 << 20);
    RamBackend second = backend("second", 1 << 20);
    put(first, (1 << 20) - 4, 1);
    put(second, 0, 2);
    try (GuestRamFiles memory = GuestRamFiles.open(MachineType.PC, List.of(first, second))) {
      ByteBuffer two = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      memory.read((1 << 20) - 4, two);
      assertArrayEquals(new int[] {1, 2}, new int[] {two.getInt(0), two.getInt(4)});
      assertEquals(2 << 20, memory.ramBytes());
    }
  }

  @Test
  void whatLiesBehindTheEndOfTheFileIsZero() throws IOException {
    Path path = Files.write(directory.resolve("short"), new byte[] {1, 0, 0, 0, 2});
    try (GuestRamFiles memory =
        GuestRamFiles.open(MachineType.PC, List.of(new RamBackend("ram", 4096, path)))) {
      assertEquals(1, memory.getInt(0));
      assertEquals(2, memory.getInt(4));
      assertEquals(0, memory.getInt(8));
    }
  }

  @Test
  void readingAllocatesNothing() throws IOException {
    RamBackend ram = backend("ram", 16 << 20);
    try (GuestRamFiles memory = GuestRamFiles.open(MachineType.PC, List.of(ram))) {
      memory.read(0, ByteBuffer.allocate(16 << 20));
    }
    Process du =
        new ProcessBuilder("du", "-k", ram.path().toString()).redirectErrorStream(true).start();
    assertEquals("4", new String(du.getInputStream().readAllBytes()).split("\\s")[0]);
  }
}
