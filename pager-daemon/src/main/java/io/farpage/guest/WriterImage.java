package io.farpage.guest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The numbers that {@code writer.S} and Java share, and the assembled image. */
final class WriterImage {
  static final int DISK_BYTES = 1 << 20;
  static final int MAX_CPUS = 16;
  static final int CURSORS = 8;

  static final int PARAMS_OFFSET = 0x200;
  static final int SCHEDULE_OFFSET = PARAMS_OFFSET + 0x40;

  /** Where the delay is in guest memory, which each step reads. */
  static final long DELAY_PARAMETER = 0x7e18;

  static final int CPU_TABLE_OFFSET = 0xc00;
  static final int CURSOR_BYTES = 32;
  static final int MAGIC_PARAMS = 0x57475046;
  static final int FLAG_IDLE = 1;
  static final int FLAG_WINDOW = 2;
  static final int FLAG_TIMING = 4;

  static final int FILL_PAGE = 0x9e3779b1;
  static final int FILL_STEP = 0x85ebca6b;
  static final int FILL_PERIOD = 32;

  static final long HEADER = 0x10000;
  static final int MAGIC_CONTROL = 0x43475046;
  static final long HEADER_BOOTS = HEADER + 0x04;
  static final long HEADER_ERROR = HEADER + 0x10;
  static final long HEADER_ERROR_PAGE = HEADER + 0x14;
  static final long HEADER_ERROR_WANT = HEADER + 0x18;
  static final long HEADER_ERROR_FOUND = HEADER + 0x1c;
  static final long HEADER_ERROR_CPU = HEADER + 0x20;

  /** In a control block: when the last touch began, in ticks; only if touches are timed. */
  static final int LAST_TOUCH = 16;

  static final int SLOT_A = 0x200;
  static final int SLOT_B = 0x300;
  static final int SLOT_PHASE = 8;
  static final int SLOT_CURSORS = 16;
  static final int CURSOR_STATE_BYTES = 16;

  static final int STAGE_FILLING = 1;
  static final int STAGE_RUNNING = 2;
  static final int STAGE_ERROR = 5;

  private WriterImage() {}

  /** Where the control block of {@code cpu} is in guest memory. */
  static long controlBlock(int cpu) {
    return HEADER + 0x1000L * (cpu + 1);
  }

  /** Where the histogram of {@code cpu} is in guest memory, if touches are timed. */
  static long histogram(int cpu) {
    return HEADER + 0x1000L * (MAX_CPUS + 1 + cpu);
  }

  /** Where the constants of a cursor are in the image. */
  static int cursorOffset(int cpu, int cursor) {
    return CPU_TABLE_OFFSET + (cpu * CURSORS + cursor) * CURSOR_BYTES;
  }

  /** Dword {@code index} of a page that the guest has filled. */
  static int fill(int linearPage, int index, int seed) {
    return (linearPage * FILL_PAGE ^ seed) + (index & FILL_PERIOD - 1) * FILL_STEP;
  }

  /** Which dword of a page is its counter. */
  static int counterIndex(int linearPage) {
    return (linearPage * FILL_PAGE) >>> 22;
  }

  /** The assembled program, padded to the size of the disk. */
  static ByteBuffer load() {
    try (InputStream in = WriterImage.class.getResourceAsStream("writer.img")) {
      if (in == null) {
        throw new IllegalStateException(
            "writer.img is not on the class path: the Maven build assembles it");
      }
      ByteBuffer image = ByteBuffer.allocate(DISK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      image.put(in.readAllBytes());
      if (image.getInt(PARAMS_OFFSET) != MAGIC_PARAMS || image.getInt(PARAMS_OFFSET + 4) != 2) {
        throw new IllegalStateException("writer.img is of another version");
      }
      return image;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
