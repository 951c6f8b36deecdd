package io.farpage.linux;

import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code /proc/PID/status} says about a process: its capabilities and its memory. A snapshot.
 */
public final class ProcessStatus {
  public static final int CAP_NET_RAW = 13;
  public static final int CAP_IPC_LOCK = 14;
  public static final int CAP_SYS_PTRACE = 19;
  public static final int CAP_SYS_ADMIN = 21;
  public static final int CAP_SYS_RESOURCE = 24;

  private final Map<String, String> fields = new TreeMap<>();

  private ProcessStatus(String text) {
    text.lines()
        .forEach(
            line -> {
              int colon = line.indexOf(':');
              if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).trim());
              }
            });
  }

  /**
   * Reads that of a process.
   *
   * @throws LinuxException ESRCH when there is none
   */
  public static ProcessStatus read(int pid) throws LinuxException {
    return new ProcessStatus(ProcFile.read("/proc/" + pid + "/status"));
  }

  /** Reads that of this process. */
  public static ProcessStatus self() throws LinuxException {
    return new ProcessStatus(ProcFile.read("/proc/self/status"));
  }

  /**
   * Whether a capability is effective.
   *
   * @param capability one of the constants of this class, or another number of capabilities(7)
   */
  public boolean hasCapability(int capability) {
    return (Long.parseUnsignedLong(fields.getOrDefault("CapEff", "0"), 16) >>> capability & 1) != 0;
  }

  /** Locked memory in bytes; 0 for a process without memory of its own. */
  public long lockedBytes() {
    return bytes("VmLck");
  }

  /** Resident memory in bytes. */
  public long residentBytes() {
    return bytes("VmRSS");
  }

  /** Resident memory of files on tmpfs and the like, in bytes. */
  public long residentSharedBytes() {
    return bytes("RssShmem");
  }

  /** Its parent's process number, 0 when the parent is not visible from here. */
  public int parentPid() {
    return Integer.parseInt(fields.getOrDefault("PPid", "0"));
  }

  /** The process that traces it, 0 for none. */
  public int tracerPid() {
    return Integer.parseInt(fields.getOrDefault("TracerPid", "0"));
  }

  /** The number of its threads. */
  public int threadCount() {
    return Integer.parseInt(fields.getOrDefault("Threads", "1"));
  }

  /** The effective user. */
  public int effectiveUid() {
    String[] uids = fields.getOrDefault("Uid", "0 0").split("\\s+");
    return Integer.parseInt(uids[1]);
  }

  private long bytes(String field) {
    String value = fields.getOrDefault(field, "0 kB");
    return Long.parseLong(value.substring(0, value.indexOf(' '))) * 1024;
  }
}
