package io.farpage.linux;

import java.nio.ByteBuffer;

/** Finds a {@code syscall} instruction in another process's memory. */
final class SyscallInstruction {
  private static final byte FIRST = 0x0f;
  private static final byte SECOND = 0x05;
  private static final int BLOCK_BYTES = 64 * 1024;

  private SyscallInstruction() {}

  /**
   * Finds one, best of all the one that the thread has just executed.
   *
   * @param pid the process, whose memory this one may read
   * @param instructionPointer of the stopped thread
   * @throws LinuxException ENOEXEC-like when there is none, or the memory cannot be read
   */
  static long find(int pid, long instructionPointer) throws LinuxException {
    String path = "/proc/" + pid + "/mem";
    int fd = Libc.open(Libc.cString(path), Abi.O_RDONLY | Abi.O_CLOEXEC, 0);
    if (fd < 0) {
      throw new LinuxException("open " + path, Libc.errno());
    }
    try (NativeBuffer memory = NativeBuffer.allocate(BLOCK_BYTES)) {
      ByteBuffer bytes = memory.asByteBuffer();
      if (Libc.pread(fd, memory.address(), 2, instructionPointer - 2) == 2 && isSyscall(bytes, 0)) {
        return instructionPointer - 2;
      }
      for (MemoryMapping mapping : ProcessMaps.read(pid)) {
        // [vsyscall] lies above all user addresses and only looks executable.
        if (mapping.isExecutable() && mapping.start() > 0) {
          long found = search(fd, memory.address(), bytes, mapping);
          if (found != 0) {
            return found;
          }
        }
      }
    } finally {
      Libc.close(fd);
    }
    throw new LinuxException(
        "no syscall instruction in the memory of process " + pid, Errno.ENOENT);
  }

  private static long search(int fd, long buffer, ByteBuffer bytes, MemoryMapping mapping) {
    // Blocks overlap by one byte, for an instruction across the border.
    for (long at = mapping.start(); at < mapping.end() - 1; at += BLOCK_BYTES - 1) {
      long got = Libc.pread(fd, buffer, Math.min(BLOCK_BYTES, mapping.end() - at), at);
      if (got < 2) {
        return 0;
      }
      for (int i = 0; i + 1 < got; i++) {
        if (isSyscall(bytes, i)) {
          return at + i;
        }
      }
    }
    return 0;
  }

  private static boolean isSyscall(ByteBuffer bytes, int at) {
    return bytes.get(at) == FIRST && bytes.get(at + 1) == SECOND;
  }
}
