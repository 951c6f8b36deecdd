package io.farpage.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** What writer.S does, done in Java instruction by instruction, on an array for a memory. */
final class SimulatedWriter implements GuestMemory {
  private static final int SLOT_BYTES = 256;
  private static final int CURSORS = 8;

  final ByteBuffer ram;
  private final ByteBuffer image;
  private final int cpus;

  /** Boots: everything is filled, nothing written. */
  SimulatedWriter(WriterGuest guest, int ramBytes, Path scratch) throws IOException {
    ram = ByteBuffer.allocate(ramBytes).order(ByteOrder.LITTLE_ENDIAN);
    guest.writeImage(scratch);
    image = ByteBuffer.wrap(Files.readAllBytes(scratch)).order(ByteOrder.LITTLE_ENDIAN);
    cpus = guest.cpus();
    ram.putInt(0x10000, 0x43475046).putInt(0x10004, 1);
    for (int cpu = 0; cpu < cpus; cpu++) {
      boot(cpu);
    }
  }

  private void boot(int cpu) {
    int block = block(cpu);
    int slot = block + 0x200;
    int filled = 0;
    for (int cursor = 0; cursor < CURSORS; cursor++) {
      int constants = constants(cpu, cursor);
      for (int i = 0; i < image.getInt(constants + 4); i++, filled++) {
        fill(image.getInt(constants) + i);
      }
      for (int state = slot + 16 + 16 * cursor; state < slot + 512; state += SLOT_BYTES) {
        ram.putInt(state + 8, image.getInt(constants + 20));
        ram.putInt(state + 12, image.getInt(constants + 24));
      }
    }
    ram.putInt(block, slot).putInt(block + 4, 2).putInt(block + 8, filled);
  }

  private void fill(int page) {
    for (int i = 0; i < 1024; i++) {
      ram.putInt(page * 4096 + 4 * i, (page * 0x9e3779b1 ^ seed()) + (i % 32) * 0x85ebca6b);
    }
    ram.putInt(page * 4096 + 4 * counter(page), 0);
  }

  /** Where in its page the counter is, in dwords. */
  static int counter(int page) {
    return (page * 0x9e3779b1) >>> 22;
  }

  /** Each CPU does so many steps. */
  void run(int steps) {
    for (int cpu = 0; cpu < cpus; cpu++) {
      for (int i = 0; i < steps; i++) {
        step(cpu, true);
      }
    }
  }

  /** A step up to the increment of the counter, without the commit; returns the page. */
  int halfStep(int cpu) {
    return step(cpu, false);
  }

  private int step(int cpu, boolean commit) {
    int block = block(cpu);
    int old = ram.getInt(block);
    int slot = old ^ SLOT_BYTES;
    ram.putLong(slot, ram.getLong(old) + 1);
    copyCursor(old, slot, ram.getInt(old + 12));
    int phase = ram.getInt(old + 8);
    int cursor = image.get(0x240 + phase);
    ram.putInt(slot + 8, (phase + 1) % image.getInt(0x214)).putInt(slot + 12, 16 * cursor);
    copyCursor(old, slot, 16 * cursor);
    int page = choose(slot + 16 + 16 * cursor, constants(cpu, cursor));
    int address = page * 4096 + 4 * counter(page);
    ram.putInt(address, ram.getInt(address) + 1);
    if (commit) {
      ram.putInt(block, slot);
    }
    return page;
  }

  private void copyCursor(int from, int to, int offset) {
    for (int i = 16; i < 32; i += 4) {
      ram.putInt(to + offset + i, ram.getInt(from + offset + i));
    }
  }

  private int choose(int state, int constants) {
    int count = image.getInt(constants + 4);
    int stride = image.getInt(constants + 8);
    int x = ram.getInt(state + 8);
    int aux = ram.getInt(state + 12);
    int index;
    if (stride != 0) {
      index = x;
      x += stride;
      if (x >= count) {
        aux++;
        x = aux;
      }
    } else {
      do {
        x = (x * 1664525 + aux) & image.getInt(constants + 12);
        index = x ^ (x >>> image.getInt(constants + 16));
      } while (index >= count);
    }
    int done = ram.getInt(state + 4) + 1;
    if (done == count) {
      done = 0;
      ram.putInt(state, ram.getInt(state) + 1);
      x = image.getInt(constants + 20);
      aux = stride != 0 ? 0 : aux + 2;
    }
    ram.putInt(state + 4, done).putInt(state + 8, x).putInt(state + 12, aux);
    return image.getInt(constants) + index;
  }

  private int seed() {
    return image.getInt(0x20c);
  }

  private static int block(int cpu) {
    return 0x11000 + 0x1000 * cpu;
  }

  private static int constants(int cpu, int cursor) {
    return 0xc00 + 256 * cpu + 32 * cursor;
  }

  @Override
  public long ramBytes() {
    return ram.capacity();
  }

  @Override
  public void read(long gpa, ByteBuffer into) {
    int length = into.remaining();
    into.put(ram.slice((int) gpa, length));
  }

  @Override
  public int getInt(long gpa) {
    return ram.getInt((int) gpa);
  }
}
