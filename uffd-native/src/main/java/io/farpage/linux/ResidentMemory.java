package io.farpage.linux;

import java.util.function.Predicate;

/**
 * Keeps this process's memory from being paged out (mlock2(2)).
 *
 * <p>A pager that waits for a page of its own keeps a guest waiting, and one whose swap is in the
 * guest's own memory waits for ever. Only what is mapped now is kept, and each page from its first
 * use on: nothing is filled, and later mappings do not fail for want of a limit, as they would
 * after mlockall(2).
 */
public final class ResidentMemory {
  private ResidentMemory() {}

  /**
   * What came of it.
   *
   * @param lockedBytes bytes of the mappings that stay resident
   * @param refusedBytes bytes of those that the kernel did not lock
   * @param errno why not: ENOMEM or EPERM for want of CAP_IPC_LOCK and of a limit (RLIMIT_MEMLOCK)
   *     that is high enough; 0 when nothing was refused
   */
  public record Outcome(long lockedBytes, long refusedBytes, int errno) {}

  /**
   * Locks the mappings of this process that can be accessed.
   *
   * @param except those to leave alone, such as guest RAM
   * @throws LinuxException when /proc cannot be read
   */
  public static Outcome lock(final Predicate<MemoryMapping> except) throws LinuxException {
    long locked = 0;
    long refused = 0;
    int errno = 0;
    final int self = (int) Libc.syscall(Abi.SYS_GETPID, 0, 0, 0);
    for (final MemoryMapping mapping : ProcessMaps.read(self)) {
      if (mapping.permissions().startsWith("---") || isOfKernel(mapping) || except.test(mapping)) {
        continue;
      }
      final long result =
          Libc.syscall(Abi.SYS_MLOCK2, mapping.start(), mapping.lengthBytes(), Abi.MLOCK_ONFAULT);
      if (result == 0) {
        locked += mapping.lengthBytes();
      } else {
        refused += mapping.lengthBytes();
        errno = Libc.errno();
      }
    }
    return new Outcome(locked, refused, errno);
  }

  /** Takes every lock off again. */
  public static void unlock() {
    Libc.syscall(Abi.SYS_MUNLOCKALL, 0, 0, 0);
  }

  private static boolean isOfKernel(final MemoryMapping mapping) {
    return mapping.path().startsWith("[v");
  }
}
