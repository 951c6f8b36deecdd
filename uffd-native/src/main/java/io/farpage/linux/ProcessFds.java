package io.farpage.linux;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
}
