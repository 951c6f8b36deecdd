package io.farpage.bench;

import java.util.List;

/**
 * Which processors the two sides of a measurement run on.
 *
 * <p>It decides more than any program does: a sleeper is woken in a few microseconds by who runs on
 * its processor, and in tens of them by who runs on another one, when that is idle and virtual.
 */
enum Placement {
  /** Where the scheduler wants. */
  FREE,
  /** All on one processor: nobody waits for an idle one to wake up. */
  TOGETHER,
  /** Each side on processors of its own, as on two hosts. */
  APART;

  /** Returns the words to put before the commands of the side that faults. */
  List<String> destination() {
    return switch (this) {
      case FREE -> List.of();
      case TOGETHER -> taskset("0");
      case APART -> taskset("0-" + (cpus() / 2 - 1));
    };
  }

  /** Returns the words to put before the commands of the side that has the memory. */
  List<String> source() {
    return switch (this) {
      case FREE -> List.of();
      case TOGETHER -> taskset("0");
      case APART -> taskset(cpus() / 2 + "-" + (cpus() - 1));
    };
  }

  /** Returns whether this machine has processors enough. */
  boolean isPossible() {
    return this != APART || cpus() > 1;
  }

  private static int cpus() {
    return Runtime.getRuntime().availableProcessors();
  }

  private static List<String> taskset(final String cpus) {
    return List.of("taskset", "-c", cpus);
  }
}
