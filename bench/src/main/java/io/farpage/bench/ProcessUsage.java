package io.farpage.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a process uses, as {@code /proc} tells. */
final class ProcessUsage {
  /** USER_HZ, which is 100 on x86. */
  private static final double TICKS_PER_SECOND = 100;

  /**
   * Where in {@code stat}, behind the name, the ticks in user mode are; those in the kernel follow.
   */
  private static final int UTIME = 11;

  private ProcessUsage() {}

  /** Returns the processor time of a process with all its threads, also those that have ended. */
  static double cpuSeconds(final long pid) throws IOException {
    return seconds(Path.of("/proc", Long.toString(pid), "stat"));
  }

  /** Returns the processor time of one thread. */
  static double cpuSeconds(final long pid, final long thread) throws IOException {
    return seconds(Path.of("/proc", Long.toString(pid), "task", Long.toString(thread), "stat"));
  }

  private static double seconds(final Path stat) throws IOException {
    final String line = Files.readString(stat);
    final String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[UTIME + 1])) / TICKS_PER_SECOND;
  }

  /** Returns the resident memory without what is shared, as a guest's RAM is; in bytes. */
  static long residentBytes(final long pid) throws IOException {
    final List<String> lines = Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"));
    return kibibytes(lines, "RssAnon:") + kibibytes(lines, "RssFile:") << 10;
  }

  private static long kibibytes(final List<String> lines, final String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.substring(name.length()).strip().split(" ")[0]))
        .findFirst()
        .orElse(0); // a process that has ended has none
  }
}
