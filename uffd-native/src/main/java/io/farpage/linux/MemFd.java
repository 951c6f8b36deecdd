package io.farpage.linux;

/** Memory with a descriptor and without a name, for scratch and rehearsal. */
public final class MemFd {
  private MemFd() {}

  /**
   * Makes one of zeros.
   *
   * @param name shown in {@code /proc/PID/maps}
   * @param lengthBytes its size, &ge; 0
   * @return the descriptor, close-on-exec; for the caller to close
   * @throws LinuxException EMFILE, ENOMEM
   */
  public static int create(String name, long lengthBytes) throws LinuxException {
    int fd = Libc.memfd_create(Libc.cString(name), Abi.MFD_CLOEXEC);
    if (fd < 0) {
      throw new LinuxException("memfd_create " + name, Libc.errno());
    }
    if (Libc.ftruncate(fd, lengthBytes) != 0) {
      int errno = Libc.errno();
      Libc.close(fd);
      throw new LinuxException("ftruncate of memfd " + name + " to " + lengthBytes, errno);
    }
    return fd;
  }
}
