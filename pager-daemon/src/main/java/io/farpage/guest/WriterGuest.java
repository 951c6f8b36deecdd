package io.farpage.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A guest that fills its pages and then writes to them for ever, checking each before it writes.
 *
 * <p>It is a disk image of 1 MiB whose boot sector is the program ({@code writer.S}). On its serial
 * port it says {@code I} while it fills, {@code R} when every CPU is ready, {@code .} now and then,
 * and {@code E} with a page number when it finds a page that is not as it left it. What its memory
 * must look like at any instant is known to {@link WriterGuestVerifier}.
 *
 * <p>Pages are numbered as the guest sees them ("linear"): the guest physical page number, except
 * that a guest with {@linkplain Builder#aroundFourGiB high memory} sees 4 GiB at 1 GiB.
 */
public final class WriterGuest {
  /** What the guest does after its last step, see {@link Builder#stopAfter}. */
  public enum StopAction {
    HALT,
    POWER_OFF,
    REBOOT
  }

  private static final int PAGE_BYTES = 4096;
  private static final int FIRST_FREE_PAGE = 256;
  private static final int WINDOW_FIRST_PAGE = 1 << 18;
  private static final int WINDOW_END_PAGE = 3 << 18;
  private static final int MIN_PAGES_PER_CPU = 20;

  private final WritePattern pattern;
  private final int firstPage;
  private final int pageCount;
  private final boolean window;
  private final int seed;
  private final int cpus;
  private final int stride;
  private final int delayIterations;
  private final int stepsPerDot;
  private final long stopAfterSteps;
  private final StopAction stopAction;
  private final int reboots;
  private final boolean timing;

  private WriterGuest(Builder builder) {
    pattern = builder.pattern;
    firstPage = builder.firstPage;
    pageCount = builder.pageCount;
    window = builder.window;
    seed = builder.seed;
    cpus = builder.cpus;
    stride = pattern == WritePattern.SEQUENTIAL ? 1 : builder.stride;
    delayIterations = builder.delayIterations;
    stepsPerDot = builder.stepsPerDot;
    stopAfterSteps = builder.stopAfterSteps;
    stopAction = builder.stopAction;
    reboots = builder.reboots;
    timing = builder.timing;
  }

  /**
   * A guest that writes sequentially, on one CPU, to all RAM from 1 MiB on of a machine with {@code
   * ramBytes}.
   */
  public static Builder builder(MachineType machine, long ramBytes) {
    return new Builder(machine, ramBytes);
  }

  /** Writes the disk image. */
  public void writeImage(Path file) throws IOException {
    ByteBuffer image = WriterImage.load();
    int params = WriterImage.PARAMS_OFFSET;
    image.putInt(params + 0x08, flags());
    image.putInt(params + 0x0c, seed);
    image.putInt(params + 0x10, cpus);
    image.putInt(params + 0x14, pattern.period());
    image.putInt(params + 0x18, delayIterations);
    image.putInt(params + 0x1c, stepsPerDot - 1);
    image.putLong(params + 0x20, stopAfterSteps);
    image.putInt(params + 0x28, stopAction.ordinal());
    image.putInt(params + 0x2c, reboots);
    image.putInt(params + 0x30, WINDOW_FIRST_PAGE >> 9);
    image.putInt(params + 0x34, WINDOW_END_PAGE >> 9);
    image.putInt(params + 0x38, (int) (MachineType.HIGH_RAM_START >> 21));
    for (int i = 0; i < pattern.period(); i++) {
      image.put(WriterImage.SCHEDULE_OFFSET + i, (byte) pattern.cursorOf(i));
    }
    for (int cpu = 0; cpu < cpus; cpu++) {
      image.position(WriterImage.cursorOffset(cpu, 0));
      cursors(cpu).forEach(cursor -> cursor.writeTo(image));
    }
    Files.write(file, image.array());
  }

  private int flags() {
    return (pattern == WritePattern.IDLE ? WriterImage.FLAG_IDLE : 0)
        | (window ? WriterImage.FLAG_WINDOW : 0)
        | (timing ? WriterImage.FLAG_TIMING : 0);
  }

  public WritePattern pattern() {
    return pattern;
  }

  /** Whether it counts how long its touches take, see {@link RunningWriter#touches}. */
  public boolean timesTouches() {
    return timing;
  }

  public int cpus() {
    return cpus;
  }

  public int seed() {
    return seed;
  }

  /** How many pages the guest fills and writes to. */
  public int pageCount() {
    return pageCount;
  }

  /** Linear page number of the first of them. */
  int firstPage() {
    return firstPage;
  }

  /** Guest physical address of a page that the guest writes to. */
  long gpa(int linearPage) {
    long address = (long) linearPage * PAGE_BYTES;
    return window && linearPage >= WINDOW_FIRST_PAGE
        ? address - (long) WINDOW_FIRST_PAGE * PAGE_BYTES + MachineType.HIGH_RAM_START
        : address;
  }

  /** The cursors of a CPU, in the order of their pages' addresses. */
  List<WriterCursor> cursors(int cpu) {
    int share = pageCount / cpus;
    int first = firstPage + cpu * share;
    int count = cpu == cpus - 1 ? pageCount - cpu * share : share;
    int cpuSeed = seed + cpu * WriterImage.FILL_STEP;
    boolean random = pattern != WritePattern.SEQUENTIAL && pattern != WritePattern.STRIDE;
    List<WriterCursor> cursors = new ArrayList<>();
    for (int i = 0; i < pattern.cursors(); i++) {
      int start = pattern.pagesBefore(i, count);
      int end = pattern.pagesBefore(i + 1, count);
      int cursorSeed = cpuSeed + i * WriterImage.FILL_PAGE;
      cursors.add(new WriterCursor(first + start, end - start, random ? 0 : stride, cursorSeed));
    }
    return cursors;
  }

  /** Builds a {@link WriterGuest}. */
  public static final class Builder {
    private final MachineType machine;
    private final long ramBytes;
    private WritePattern pattern = WritePattern.SEQUENTIAL;
    private int firstPage = FIRST_FREE_PAGE;
    private int pageCount;
    private boolean window;
    private int seed = 0x0f4a9a6e;
    private int cpus = 1;
    private int stride = 17;
    private int delayIterations;
    private int stepsPerDot = 1 << 20;
    private long stopAfterSteps;
    private StopAction stopAction = StopAction.HALT;
    private int reboots;
    private boolean timing;

    private Builder(MachineType machine, long ramBytes) {
      this.machine = Objects.requireNonNull(machine, "machine");
      this.ramBytes = ramBytes;
      this.pageCount = (int) (machine.lowRamBytes(ramBytes) / PAGE_BYTES) - FIRST_FREE_PAGE;
    }

    public Builder pattern(WritePattern value) {
      pattern = Objects.requireNonNull(value, "pattern");
      return this;
    }

    /** The guest physical range to write to, within the RAM below 4 GiB and above 1 MiB. */
    public Builder range(long startBytes, long lengthBytes) {
      firstPage = Math.toIntExact(startBytes / PAGE_BYTES);
      pageCount = Math.toIntExact(lengthBytes / PAGE_BYTES);
      window = false;
      return this;
    }

    /**
     * Writes to the last {@code lowBytes} of the first GiB and to the first {@code highBytes} from
     * 4 GiB on. Such a guest uses paging; not every KVM runs it.
     */
    public Builder aroundFourGiB(long lowBytes, long highBytes) {
      int lowPages = Math.toIntExact(lowBytes / PAGE_BYTES);
      firstPage = WINDOW_FIRST_PAGE - lowPages;
      pageCount = lowPages + Math.toIntExact(highBytes / PAGE_BYTES);
      window = true;
      return this;
    }

    public Builder seed(int value) {
      seed = value;
      return this;
    }

    /** How many CPUs write, each to its own share; the machine needs at least as many. */
    public Builder cpus(int value) {
      cpus = value;
      return this;
    }

    /** Pages from one step to the next, for {@link WritePattern#STRIDE}. */
    public Builder stride(int pages) {
      stride = pages;
      return this;
    }

    /** Makes the guest slower: an empty loop after each step. */
    public Builder delayIterations(int value) {
      delayIterations = value;
      return this;
    }

    /** How often the guest shows progress on its serial port; a power of two. */
    public Builder stepsPerDot(int value) {
      stepsPerDot = value;
      return this;
    }

    /** After so many steps of its first CPU, the guest says {@code S} and stops. */
    public Builder stopAfter(long steps, StopAction action) {
      stopAfterSteps = steps;
      stopAction = Objects.requireNonNull(action, "action");
      reboots = action == StopAction.REBOOT ? Integer.MAX_VALUE : 0;
      return this;
    }

    /** After so many steps of its first CPU the guest reboots, so often; then it runs for ever. */
    public Builder rebootAfter(long steps, int times) {
      stopAfter(steps, StopAction.REBOOT);
      reboots = times;
      return this;
    }

    /**
     * Makes the guest count how long it takes to touch a page; a step takes a little longer then.
     */
    public Builder timeTouches() {
      timing = true;
      return this;
    }

    public WriterGuest build() {
      require(cpus >= 1 && cpus <= WriterImage.MAX_CPUS, "1 to 16 CPUs, not " + cpus);
      require(stride >= 1, "a stride of at least one page, not " + stride);
      require(Integer.bitCount(stepsPerDot) == 1, "stepsPerDot is not a power of two");
      require(stopAfterSteps >= 0, "stop after a negative number of steps");
      require(delayIterations >= 0, "a negative delay");
      require(firstPage >= FIRST_FREE_PAGE, "the range begins below 1 MiB");
      int minPages = Math.max(MIN_PAGES_PER_CPU, pattern.units());
      require(
          pageCount / cpus >= minPages,
          "at least " + minPages + " pages per CPU, not " + pageCount / cpus);
      int end = firstPage + pageCount;
      long lowPages = machine.lowRamBytes(ramBytes) / PAGE_BYTES;
      if (window) {
        require(end <= WINDOW_END_PAGE, "at most 2 GiB above 4 GiB");
        require(
            lowPages >= WINDOW_FIRST_PAGE
                && end - WINDOW_FIRST_PAGE <= ramBytes / PAGE_BYTES - lowPages,
            "the machine has too little RAM above 4 GiB");
      } else {
        require(end <= lowPages, "the range ends behind the RAM below 4 GiB");
      }
      return new WriterGuest(this);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
