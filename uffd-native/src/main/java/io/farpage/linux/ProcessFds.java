package io.farpage.linux;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The open descriptors of a process, from {@code /proc/PID/fd}. */
public final class ProcessFds {
  private ProcessFds() {}

  /**
   * Reads them.
   *
   * @param pid the process
   * @return descriptor number to link target, for example {@code /dev/shm/ram} or {@code
   *     anon_inode:[userfaultfd]}
   * @throws LinuxException ESRCH when there is no such process, EACCES without CAP_SYS_PTRACE
   */
  public static Map<Integer, String> read(int pid) throws LinuxException {
    String directory = "/proc/" + pid + "/fd";
    Map<Integer, String> targets = new TreeMap<>();
    try (DirectoryStream<Path> links = Files.newDirectoryStream(Path.of(directory))) {
      for (Path link : links) {
        try {
          targets.put(
              Integer.valueOf(link.getFileName().toString()),
              Files.readSymbolicLink(link).toString());
        } catch (NoSuchFileException e) {
          continue; // closed meanwhile
        }
      }
    } catch (IOException e) {
      throw ProcFile.failure(directory, e);
    }
    return targets;
  }

  /**
   * Finds the files and devices that a process has open with {@code O_DIRECT}: what it reads from
   * them goes to memory past the page tables.
   *
   * @return their names
   * @throws LinuxException ESRCH when there is no such process, EACCES without CAP_SYS_PTRACE
   */
  public static List<String> openForDirectIo(int pid) throws LinuxException {
    List<String> found = new ArrayList<>();
    for (Map.Entry<Integer, String> open : read(pid).entrySet()) {
      // a pipe has that flag too, and means something else
      if (open.getValue().startsWith("/") && (flags(pid, open.getKey()) & Abi.O_DIRECT) != 0) {
        found.add(open.getValue());
      }
    }
    return found;
  }

  private static int flags(int pid, int fd) throws LinuxException {
    try {
      return ProcFile.read("/proc/" + pid + "/fdinfo/" + fd)
          .lines()
          .filter(line -> line.startsWith("flags:"))
          .mapToInt(line -> Integer.parseInt(line.substring("flags:".length()).strip(), 8))
          .findFirst()
          .orElse(0);
    } catch (LinuxException e) {
      if (e.errno() == Errno.ESRCH) {
        return 0; // closed meanwhile
      }
      throw e;
    }
  }

  /**
   * Asks for the features with which a userfaultfd of a process was initialised.
   *
   * @param fd its number in that process
   * @return a mask of {@link UffdFeature} bits and the kernel's own; 0 when it was not initialised,
   *     and -1 when there is no such descriptor or it is no userfaultfd
   * @throws LinuxException EACCES without CAP_SYS_PTRACE
   */
  public static long userfaultfdFeatures(int pid, int fd) throws LinuxException {
    String text;
    try {
      text = ProcFile.read("/proc/" + pid + "/fdinfo/" + fd);
    } catch (LinuxException e) {
      if (e.errno() == Errno.ESRCH) {
        return -1;
      }
      throw e;
    }
    // API: version:features:what the kernel could do, all in hexadecimal
    return text.lines()
        .filter(line -> line.startsWith("API:"))
        .mapToLong(line -> Long.parseUnsignedLong(line.split(":")[2], 16))
        .findFirst()
        .orElse(-1);
  }
}
