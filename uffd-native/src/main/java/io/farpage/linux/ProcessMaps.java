package io.farpage.linux;

import java.util.ArrayList;
import java.util.List;

/** The memory mappings of a process, from {@code /proc/PID/maps}. */
public final class ProcessMaps {
  private ProcessMaps() {}

  /**
   * Reads them.
   *
   * @param pid the process
   * @return in the order of their addresses
   * @throws LinuxException ESRCH when there is no such process, EACCES without CAP_SYS_PTRACE
   */
  public static List<MemoryMapping> read(int pid) throws LinuxException {
    List<MemoryMapping> mappings = new ArrayList<>();
    ProcFile.read("/proc/" + pid + "/maps").lines().map(ProcessMaps::parse).forEach(mappings::add);
    return mappings;
  }

  static MemoryMapping parse(String line) {
    // start-end permissions offset major:minor inode   path, which may hold blanks
    int dash = line.indexOf('-');
    int permissions = line.indexOf(' ', dash) + 1;
    int offset = line.indexOf(' ', permissions) + 1;
    int major = line.indexOf(' ', offset) + 1;
    int colon = line.indexOf(':', major);
    int inode = line.indexOf(' ', colon) + 1;
    int end = line.indexOf(' ', inode);
    int inodeEnd = end < 0 ? line.length() : end;
    int path = inodeEnd;
    while (path < line.length() && line.charAt(path) == ' ') {
      path++;
    }
    return new MemoryMapping(
        Long.parseUnsignedLong(line, 0, dash, 16),
        Long.parseUnsignedLong(line, dash + 1, permissions - 1, 16),
        line.substring(permissions, offset - 1),
        Long.parseUnsignedLong(line, offset, major - 1, 16),
        Integer.parseInt(line, major, colon, 16),
        Integer.parseInt(line, colon + 1, inode - 1, 16),
        Long.parseUnsignedLong(line, inode, inodeEnd, 10),
        line.substring(path));
  }
}
