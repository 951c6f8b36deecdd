package io.farpage.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether files were changed by system calls: written, cut, or given a hole by {@code fallocate(2)}
 * or {@code madvise(MADV_REMOVE)}. Writes through a mapping do not count. By inotify(7), which the
 * kernel tells before such a call returns; but not (since 6.14) of calls on a descriptor that
 * {@code memfd_create(2)} has returned.
 *
 * <p>Not thread-safe.
 */
public final class FileChanges implements AutoCloseable {
  private static final int BUFFER_BYTES = 4096;

  private final NativeBuffer buffer = NativeBuffer.allocate(BUFFER_BYTES);
  private int fd;
  private boolean changed;

  private FileChanges(int fd) {
    this.fd = fd;
  }

  /**
   * Begins to watch.
   *
   * @param files by whatever name
   * @throws LinuxException EMFILE or ENOSPC at the user's limits of inotify; EOPNOTSUPP for a memfd
   */
  public static FileChanges watch(RamFile... files) throws LinuxException {
    int fd = Libc.inotify_init1(Abi.IN_CLOEXEC | Abi.IN_NONBLOCK);
    if (fd < 0) {
      throw new LinuxException("inotify_init1", Libc.errno());
    }
    FileChanges changes = new FileChanges(fd);
    try {
      for (RamFile file : files) {
        changes.add(file);
      }
      return changes;
    } catch (LinuxException e) {
      changes.close();
      throw e;
    }
  }

  private void add(RamFile file) throws LinuxException {
    // a file that has lost its name can still be watched by its descriptor
    Path path = Path.of("/proc/self/fd", Integer.toString(file.fd()));
    try {
      if (Files.readSymbolicLink(path).toString().startsWith("/memfd:")) {
        throw new LinuxException("watching a memfd", Errno.EOPNOTSUPP);
      }
    } catch (LinuxException e) {
      throw e;
    } catch (IOException e) {
      throw ProcFile.failure(path.toString(), e);
    }
    if (Libc.inotify_add_watch(fd, Libc.cString(path.toString()), Abi.IN_MODIFY) < 0) {
      throw new LinuxException("inotify_add_watch", Libc.errno());
    }
  }

  /** Returns whether there was a change since the watch began. */
  public boolean any() {
    if (!changed) {
      long bytes = Libc.read(fd, buffer.address(), BUFFER_BYTES);
      changed = bytes > 0 || Libc.errno() != Errno.EAGAIN;
    }
    return changed;
  }

  /** Ends the watch. */
  @Override
  public void close() {
    if (fd >= 0) {
      Libc.close(fd);
      fd = -1;
      buffer.close();
    }
  }
}
