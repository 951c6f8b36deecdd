package io.farpage.guest;

import java.util.Arrays;

/**
 * In which order a {@link WriterGuest} writes to its pages.
 *
 * <p>A CPU's pages are cut into parts, and each part is walked through by a cursor of its own that
 * visits each page exactly once in a pass. So the guest itself knows what each counter must be, and
 * the host replays at most one pass.
 */
public enum WritePattern {
  /** One page after the other. */
  SEQUENTIAL(parts(1), schedule(0)),
  /** Pseudo-random, in another order in each pass. */
  RANDOM(parts(1), schedule(0)),
  /** Every n-th page, then again from one page further on. */
  STRIDE(parts(1), schedule(0)),
  /** Nine of ten steps in the first tenth of the pages, both parts in pseudo-random order. */
  HOT(parts(1, 9), schedule(0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
  /**
   * Zipf's law in eight steps: classes of pages whose sizes double, each with the same share of the
   * writes, so that a page is written at a rate proportional to 1 / its rank. Pseudo-random within
   * a class; the hot classes lie between the cold ones.
   */
  ZIPF(parts(32, 1, 64, 2, 128, 4, 16, 8), schedule(0, 1, 2, 3, 4, 5, 6, 7)),
  /** Fills its pages, then halts. */
  IDLE(parts(1), schedule(0));

  private final int[] parts;
  private final byte[] schedule;

  WritePattern(int[] parts, byte[] schedule) {
    this.parts = parts;
    this.schedule = schedule;
  }

  /** The relative sizes of the cursors' parts, in the order of their addresses. */
  private static int[] parts(int... sizes) {
    return sizes;
  }

  /** Which cursor takes each step, again and again. */
  private static byte[] schedule(int... cursors) {
    byte[] result = new byte[cursors.length];
    for (int i = 0; i < cursors.length; i++) {
      result[i] = (byte) cursors[i];
    }
    return result;
  }

  int cursors() {
    return parts.length;
  }

  /** How many of {@code pages} lie before the part of {@code cursor}. */
  int pagesBefore(int cursor, int pages) {
    long before = Arrays.stream(parts, 0, cursor).sum();
    return (int) (pages * before / units());
  }

  /** With so many pages, or more, no part is empty. */
  int units() {
    return Arrays.stream(parts).sum();
  }

  /** After so many steps the schedule begins again. */
  int period() {
    return schedule.length;
  }

  /** The cursor that takes step {@code index}, from 0 on. */
  int cursorOf(long index) {
    return schedule[(int) (index % schedule.length)];
  }

  /** How many of the first {@code steps} steps {@code cursor} takes. */
  long visits(int cursor, long steps) {
    long perPeriod = visitsWithinPeriod(cursor, schedule.length);
    return steps / schedule.length * perPeriod
        + visitsWithinPeriod(cursor, (int) (steps % schedule.length));
  }

  private int visitsWithinPeriod(int cursor, int steps) {
    int visits = 0;
    for (int i = 0; i < steps; i++) {
      visits += schedule[i] == cursor ? 1 : 0;
    }
    return visits;
  }
}
