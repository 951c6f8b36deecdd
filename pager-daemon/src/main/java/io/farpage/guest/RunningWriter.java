package io.farpage.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * A {@link WriterGuest} that runs: how far it has come, and how fast it shall go on.
 *
 * <p>Both by the file of its RAM, so that the guest is not disturbed. A QEMU's own view of what the
 * file holds can be another while a migration is under way: where a page is still to come, the file
 * tells what was there before.
 */
public final class RunningWriter implements AutoCloseable {
  private final WriterGuest guest;
  private final GuestRamFiles memory;
  private final FileChannel first;

  private RunningWriter(WriterGuest guest, GuestRamFiles memory, FileChannel first) {
    this.guest = guest;
    this.memory = memory;
    this.first = first;
  }

  /** Opens the RAM of the guest in the QEMU of that command line; the guest may run or not. */
  public static RunningWriter open(WriterGuest guest, QemuCommand command) throws IOException {
    GuestRamFiles memory = GuestRamFiles.open(command.machine(), command.backends());
    try {
      return new RunningWriter(
          guest,
          memory,
          FileChannel.open(command.backends().get(0).path(), StandardOpenOption.WRITE));
    } catch (IOException e) {
      memory.close();
      throw e;
    }
  }

  /** Returns how many pages all CPUs have written since the guest has started; 0 before. */
  public long steps() {
    long steps = 0;
    for (int cpu = 0; cpu < guest.cpus(); cpu++) {
      steps += steps(WriterImage.controlBlock(cpu));
    }
    return steps;
  }

  private long steps(long block) {
    long slot = Integer.toUnsignedLong(memory.getInt(block));
    if (slot != block + WriterImage.SLOT_A && slot != block + WriterImage.SLOT_B) {
      return 0; // not there yet
    }
    // The slot may be in use for the next step by now: then it is one ahead.
    long high = memory.getInt(slot + 4);
    while (true) {
      long low = Integer.toUnsignedLong(memory.getInt(slot));
      long again = memory.getInt(slot + 4);
      if (high == again) {
        return high << 32 | low;
      }
      high = again;
    }
  }

  /**
   * Returns how long the touches of all CPUs took since the guest has started: from before a page
   * is read first until after it is written. What the file shows of it is only up to date once the
   * pages with the histograms have come.
   *
   * @throws IllegalStateException when the guest does not time its touches
   */
  public TouchHistogram touches() {
    requireTiming();
    TouchHistogram all = TouchHistogram.EMPTY;
    for (int cpu = 0; cpu < guest.cpus(); cpu++) {
      ByteBuffer page = ByteBuffer.allocate(TouchHistogram.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      memory.read(WriterImage.histogram(cpu), page);
      all = all.plus(TouchHistogram.read(page.flip()));
    }
    return all;
  }

  /**
   * Returns when the last touch of the first CPU began, by its time-stamp counter; 0 before the
   * first one.
   *
   * @throws IllegalStateException when the guest does not time its touches
   */
  public long lastTouchTicks() {
    requireTiming();
    long at = WriterImage.controlBlock(0) + WriterImage.LAST_TOUCH;
    long high = memory.getInt(at + 4);
    while (true) {
      long low = Integer.toUnsignedLong(memory.getInt(at));
      long again = memory.getInt(at + 4);
      if (high == again) {
        return high << 32 | low;
      }
      high = again;
    }
  }

  private void requireTiming() {
    if (!guest.timesTouches()) {
      throw new IllegalStateException("the guest does not time its touches");
    }
  }

  /**
   * Makes the guest slower or faster from its next step on, see {@link
   * WriterGuest.Builder#delayIterations}. Not while writes are tracked or the memory is moved:
   * neither sees this write.
   */
  public void delayIterations(int value) throws IOException {
    ByteBuffer word = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value);
    first.write(word, WriterImage.DELAY_PARAMETER);
  }

  @Override
  public void close() throws IOException {
    first.close();
    memory.close();
  }
}
