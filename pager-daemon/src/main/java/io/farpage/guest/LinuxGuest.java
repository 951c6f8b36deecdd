package io.farpage.guest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A small Linux that runs {@code memwork}, which checks every page before it writes it anew.
 *
 * <p>The script {@code build-linux-guest} makes it. On its serial port it says {@link #READY} when
 * it takes commands; memwork says {@link #WORKS} once a second, or {@link #MISMATCH} and ends. Send
 * commands with {@link #command}.
 *
 * @param kernel the kernel image
 * @param initrd the initial RAM file system
 */
public record LinuxGuest(Path kernel, Path initrd) {
  public static final String READY = "LINUX READY";
  public static final String WORKS = "MEMWORK OK";

  /** What the command {@code work} says after each round. */
  public static final String WORK_DONE = "WORK DONE";

  public static final String MISMATCH = "MEMWORK MISMATCH";

  private static final String COMMAND_LINE =
      "console=ttyS0 quiet panic=-1 mitigations=off nokaslr nowatchdog"
          + " rcupdate.rcu_cpu_stall_suppress=1";

  /** The guest in the cache directory, if it has been made. */
  public static Optional<LinuxGuest> find() {
    Path directory = CacheDirectory.path().resolve("linux-guest");
    LinuxGuest guest = new LinuxGuest(directory.resolve("vmlinuz"), directory.resolve("initrd"));
    return Files.isReadable(guest.kernel) && Files.isReadable(guest.initrd)
        ? Optional.of(guest)
        : Optional.empty();
  }

  /** Boots this guest, with its serial port as a socket. */
  public QemuCommand.Builder bootIn(QemuCommand.Builder qemu) {
    return qemu.kernel(kernel, initrd, COMMAND_LINE).serialSocket();
  }

  /** The same, and starts memwork on so many percent of the free memory. */
  public QemuCommand.Builder bootAndWorkIn(QemuCommand.Builder qemu, int percent, int threads) {
    String memwork = " farpage.memwork=" + percent + "," + threads;
    return qemu.kernel(kernel, initrd, COMMAND_LINE + memwork).serialSocket();
  }

  /**
   * Sends a command and waits until the guest has done it.
   *
   * @param command one of {@code start [PERCENT|SIZEm] [THREADS]}, {@code work}, {@code stop},
   *     {@code free}, {@code meminfo}, {@code uptime}, {@code poweroff}, {@code reboot}
   * @return what the guest wrote meanwhile
   */
  public static String command(QemuProcess qemu, String command, Duration timeout) {
    return SerialConsole.command(qemu, command, timeout);
  }

  /**
   * How many pages memwork has checked in all, by the last of its messages in {@code serial}; 0
   * when it has said nothing.
   */
  public static long pagesChecked(String serial) {
    return lastFigure(serial, 5);
  }

  /** How often memwork has checked all of its pages, by the same message. */
  public static long passes(String serial) {
    return lastFigure(serial, 3);
  }

  private static long lastFigure(String serial, int word) {
    int end = serial.lastIndexOf('\n');
    int last = end < 0 ? -1 : serial.lastIndexOf(WORKS, end);
    if (last < 0) {
      return 0;
    }
    String[] words = serial.substring(last, serial.indexOf('\n', last)).strip().split(" +");
    return Long.parseLong(words[word]);
  }
}
