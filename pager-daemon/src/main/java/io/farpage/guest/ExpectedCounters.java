package io.farpage.guest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** What the counter of each page must be, replayed from the control blocks in guest memory. */
final class ExpectedCounters {
  private final WriterGuest guest;
  private final GuestMemory memory;
  private final int[] counters;
  private final boolean[] filled;
  private final BitSet ahead = new BitSet();
  private final List<String> problems = new ArrayList<>();
  private boolean usable = true;
  private long steps;
  private int boots;

  ExpectedCounters(WriterGuest guest, GuestMemory memory) {
    this.guest = guest;
    this.memory = memory;
    this.counters = new int[guest.pageCount()];
    this.filled = new boolean[guest.pageCount()];
  }

  void replay() {
    if (memory.getInt(WriterImage.HEADER) != WriterImage.MAGIC_CONTROL) {
      unusable(
          "the guest has not started, or its control page at 0x%x is lost", WriterImage.HEADER);
      return;
    }
    boots = memory.getInt(WriterImage.HEADER_BOOTS);
    reportGuestError();
    for (int cpu = 0; cpu < guest.cpus(); cpu++) {
      replayCpu(cpu);
    }
  }

  /** Whether the control blocks were good enough to know what the pages must be. */
  boolean isUsable() {
    return usable;
  }

  boolean isFilled(int page) {
    return filled[page - guest.firstPage()];
  }

  int counter(int page) {
    return counters[page - guest.firstPage()];
  }

  /** Whether the page may have been written once more, in a step that is not committed. */
  boolean mayBeAhead(int page) {
    return ahead.get(page - guest.firstPage());
  }

  long steps() {
    return steps;
  }

  int boots() {
    return boots;
  }

  List<String> problems() {
    return problems;
  }

  private void replayCpu(int cpu) {
    long block = WriterImage.controlBlock(cpu);
    List<WriterCursor> cursors = guest.cursors(cpu);
    int stage = memory.getInt(block + 4);
    if (stage < WriterImage.STAGE_FILLING || stage > WriterImage.STAGE_ERROR) {
      if (stage != 0) {
        unusable("CPU %d: stage %d in its control block at 0x%x", cpu, stage, block);
      }
      return;
    }
    int pagesFilled = memory.getInt(block + 8);
    int pages = cursors.stream().mapToInt(WriterCursor::count).sum();
    if (pagesFilled < 0
        || pagesFilled > pages
        || (stage != WriterImage.STAGE_FILLING && pagesFilled != pages)) {
      unusable("CPU %d: filled %d pages of %d in stage %d", cpu, pagesFilled, pages, stage);
      return;
    }
    int firstIndex = cursors.get(0).firstPage() - guest.firstPage();
    Arrays.fill(filled, firstIndex, firstIndex + pagesFilled, true);
    if (stage != WriterImage.STAGE_FILLING) {
      replaySteps(cpu, block, cursors, stage);
    }
  }

  private void replaySteps(int cpu, long block, List<WriterCursor> cursors, int stage) {
    long slot = Integer.toUnsignedLong(memory.getInt(block));
    if (slot != block + WriterImage.SLOT_A && slot != block + WriterImage.SLOT_B) {
      unusable("CPU %d: no slot at 0x%x", cpu, slot);
      return;
    }
    long cpuSteps =
        Integer.toUnsignedLong(memory.getInt(slot))
            | Integer.toUnsignedLong(memory.getInt(slot + 4)) << 32;
    int phase = memory.getInt(slot + WriterImage.SLOT_PHASE);
    if (cpuSteps < 0 || phase != cpuSteps % guest.pattern().period()) {
      unusable("CPU %d: %d steps, but phase %d", cpu, cpuSteps, phase);
      return;
    }
    List<WriterCursor.State> states = new ArrayList<>();
    for (int i = 0; i < cursors.size(); i++) {
      WriterCursor cursor = cursors.get(i);
      WriterCursor.State state =
          WriterCursor.State.at(
              memory, slot + WriterImage.SLOT_CURSORS + i * WriterImage.CURSOR_STATE_BYTES);
      if (state.done() < 0 || state.done() >= cursor.count()) {
        unusable("CPU %d: visited %d of %d pages", cpu, state.done(), cursor.count());
        return;
      }
      long visits = guest.pattern().visits(i, cpuSteps);
      if (state.steps(cursor) != visits) {
        unusable(
            "CPU %d: %d steps, but %d visits of cursor %d and not %d",
            cpu, cpuSteps, state.steps(cursor), i, visits);
        return;
      }
      states.add(state);
    }
    steps += cpuSteps;
    int next = guest.pattern().cursorOf(cpuSteps);
    for (int i = 0; i < cursors.size(); i++) {
      boolean inFlight = stage == WriterImage.STAGE_RUNNING && i == next;
      replayCursor(cpu, cursors.get(i), states.get(i), inFlight);
    }
  }

  private void replayCursor(
      int cpu, WriterCursor cursor, WriterCursor.State state, boolean inFlight) {
    int base = cursor.firstPage() - guest.firstPage();
    Arrays.fill(counters, base, base + cursor.count(), state.pass());
    WriterCursor.Walk walk = cursor.walk(state.pass());
    for (int i = 0; i < state.done(); i++) {
      counters[base + walk.next()]++;
    }
    if (!walk.isAt(state)) {
      problems.add(
          String.format(
              "CPU %d: after %d visits of pass %d its generator is elsewhere",
              cpu, state.done(), state.pass()));
    }
    if (inFlight) {
      ahead.set(base + walk.next());
    }
  }

  private void reportGuestError() {
    int kind = memory.getInt(WriterImage.HEADER_ERROR);
    if (kind == 0) {
      return;
    }
    int page = memory.getInt(WriterImage.HEADER_ERROR_PAGE);
    int want = memory.getInt(WriterImage.HEADER_ERROR_WANT);
    int found = memory.getInt(WriterImage.HEADER_ERROR_FOUND);
    long cpu =
        (Integer.toUnsignedLong(memory.getInt(WriterImage.HEADER_ERROR_CPU))
                - WriterImage.controlBlock(0))
            >> 12;
    String what =
        switch (kind) {
          case 1 -> "step counter of its control block";
          case 2 -> "counter";
          case 3 -> "filling";
          default -> "unknown (kind " + kind + ")";
        };
    problems.add(
        String.format(
            "the guest itself (CPU %d) found page 0x%x wrong: %s is 0x%x, must be 0x%x",
            cpu, kind == 1 ? page : guest.gpa(page) >>> 12, what, found, want));
  }

  private void unusable(String format, Object... args) {
    usable = false;
    problems.add(String.format(format, args));
  }
}
