package io.farpage.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads files below {@code /proc} and {@code /sys}. */
final class ProcFile {
  private ProcFile() {}

  /** The whole text. */
  static String read(String path) throws LinuxException {
    try {
      return new String(Files.readAllBytes(Path.of(path)), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** What an exception of the file API means as an errno. */
  static LinuxException failure(String path, IOException e) {
    int errno = Errno.EIO;
    if (e instanceof NoSuchFileException) {
      errno = path.startsWith("/proc/") ? Errno.ESRCH : Errno.ENOENT;
    } else if (e instanceof AccessDeniedException) {
      errno = Errno.EACCES;
    } else if (e instanceof FileSystemException || e.getMessage() != null) {
      // The kernel says "No such process" when it exits while its files are read.
      errno = String.valueOf(e.getMessage()).contains("No such process") ? Errno.ESRCH : Errno.EIO;
    }
    LinuxException failure = new LinuxException(path, errno);
    failure.initCause(e);
    return failure;
  }
}
