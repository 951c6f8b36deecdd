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
    String[] fields = line.split(" +", 6);
    int dash = fields[0].indexOf('-');
    int colon = fields[3].indexOf(':');
    return new MemoryMapping(
        Long.parseUnsignedLong(fields[0].substring(0, dash), 16),
        Long.parseUnsignedLong(fields[0].substring(dash + 1), 16),
        fields[1],
        Long.parseUnsignedLong(fields[2], 16),
        Integer.parseInt(fields[3].substring(0, colon), 16),
        Integer.parseInt(fields[3].substring(colon + 1), 16),
        Long.parseUnsignedLong(fields[4]),
        fields.length > 5 ? fields[5] : "");
  }
}
