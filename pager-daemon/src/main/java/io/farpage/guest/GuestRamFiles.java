package io.farpage.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's memory, read from the files of its backends with {@code read(2)}.
 *
 * <p>Never through a mapping: reading a hole of a shared mapping would allocate the page, and
 * Farpage's tests look at which pages are allocated. Holes and what lies behind the end of a file
 * read as zeros.
 */
public final class GuestRamFiles implements GuestMemory, AutoCloseable {
  private record OpenBackend(long startInRam, long sizeBytes, FileChannel channel) {}

  private final List<OpenBackend> backends = new ArrayList<>();
  private final long ramBytes;
  private final long lowRamBytes;
  private final ByteBuffer word = ByteBuffer.allocateDirect(4).order(ByteOrder.LITTLE_ENDIAN);

  private GuestRamFiles(MachineType machine, long ramBytes) {
    this.ramBytes = ramBytes;
    this.lowRamBytes = machine.lowRamBytes(ramBytes);
  }

  /** Opens the files of {@code backends}, which are in the order of the guest's NUMA nodes. */
  public static GuestRamFiles open(MachineType machine, List<RamBackend> backends)
      throws IOException {
    long total = backends.stream().mapToLong(RamBackend::sizeBytes).sum();
    GuestRamFiles files = new GuestRamFiles(machine, total);
    long start = 0;
    try {
      for (RamBackend backend : backends) {
        FileChannel channel = FileChannel.open(backend.path(), StandardOpenOption.READ);
        files.backends.add(new OpenBackend(start, backend.sizeBytes(), channel));
        start += backend.sizeBytes();
      }
    } catch (IOException e) {
      files.close();
      throw e;
    }
    return files;
  }

  @Override
  public long ramBytes() {
    return ramBytes;
  }

  @Override
  public void read(long gpa, ByteBuffer into) {
    long at = gpa;
    while (into.hasRemaining()) {
      long ramOffset = ramOffset(at);
      OpenBackend backend = backendAt(ramOffset);
      long offset = ramOffset - backend.startInRam();
      long readable = Math.min(backend.sizeBytes() - offset, untilHole(at));
      int length = (int) Math.min(into.remaining(), readable);
      readFully(backend.channel(), offset, into.slice(into.position(), length));
      into.position(into.position() + length);
      at += length;
    }
  }

  @Override
  public synchronized int getInt(long gpa) {
    read(gpa, word.clear());
    return word.getInt(0);
  }

  @Override
  public void close() throws IOException {
    for (OpenBackend backend : backends) {
      backend.channel().close();
    }
  }

  private long untilHole(long gpa) {
    return gpa < lowRamBytes ? lowRamBytes - gpa : Long.MAX_VALUE;
  }

  private long ramOffset(long gpa) {
    if (gpa >= 0 && gpa < lowRamBytes) {
      return gpa;
    }
    long offset = gpa - MachineType.HIGH_RAM_START + lowRamBytes;
    if (gpa >= MachineType.HIGH_RAM_START && offset < ramBytes) {
      return offset;
    }
    throw new IllegalArgumentException(
        String.format(
            "no RAM at guest physical address 0x%x of a guest of %d bytes", gpa, ramBytes));
  }

  private OpenBackend backendAt(long ramOffset) {
    for (OpenBackend backend : backends) {
      if (ramOffset < backend.startInRam() + backend.sizeBytes()) {
        return backend;
      }
    }
    throw new AssertionError(ramOffset);
  }

  private static void readFully(FileChannel channel, long offset, ByteBuffer into) {
    long at = offset;
    try {
      while (into.hasRemaining()) {
        int count = channel.read(into, at);
        if (count < 0) {
          while (into.hasRemaining()) {
            into.put((byte) 0);
          }
        } else {
          at += count;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading guest RAM at file offset " + at, e);
    }
  }
}
