package io.farpage.linux;

import java.nio.ByteBuffer;

/**
 * How the kernel schedules the calling thread (sched_setattr(2)).
 *
 * <p>A thread that wakes to do a few microseconds of work for a waiting guest must not wait until
 * whoever copies memory on its processor has used up a slice of milliseconds. Real-time policies
 * are no way to that: on virtual machines of two processors they made faults five times as slow.
 */
public final class ThreadScheduling {

  private ThreadScheduling() {}

  /**
   * Asks for short slices: Linux 6.12 and newer let such a thread run sooner when it wakes.
   *
   * @param sliceNs from 100,000 to 100,000,000 ns
   * @return 0, or the negative errno
   */
  public static int shortSlices(final long sliceNs) {
    return set(Abi.SCHED_NORMAL, sliceNs);
  }

  /**
   * Lets the calling thread never push another aside when it wakes.
   *
   * @return 0, or the negative errno
   */
  public static int runBehind() {
    return set(Abi.SCHED_BATCH, 0);
  }

  private static int set(final int policy, final long runtimeNs) {
    try (NativeBuffer memory = NativeBuffer.allocate(Abi.SCHED_ATTR_SIZE)) {
      final ByteBuffer attributes = memory.asByteBuffer();
      attributes.putInt(0, Abi.SCHED_ATTR_SIZE);
      attributes.putInt(Abi.SCHED_ATTR_POLICY, policy);
      attributes.putLong(Abi.SCHED_ATTR_RUNTIME, runtimeNs);
      return Libc.syscall(Abi.SYS_SCHED_SETATTR, 0, memory.address(), 0) == 0 ? 0 : -Libc.errno();
    }
  }
}
