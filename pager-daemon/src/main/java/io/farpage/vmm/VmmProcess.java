package io.farpage.vmm;

import io.farpage.linux.Errno;
import io.farpage.linux.LinuxException;
import io.farpage.linux.MemoryMapping;
import io.farpage.linux.PidFd;
import io.farpage.linux.ProcessFds;
import io.farpage.linux.ProcessMaps;
import io.farpage.vmm.VmmException.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The VMM's process: what {@code /proc} tells of it, and its end. Held by a pidfd, so a signal
 * never reaches another process that got its number. Thread-safe.
 */
final class VmmProcess implements AutoCloseable {
  private static final int SIGKILL = 9;

  private final int pid;
  private final PidFd handle;

  private VmmProcess(int pid, PidFd handle) {
    this.pid = pid;
    this.handle = handle;
  }

  static VmmProcess open(int pid) {
    try {
      return new VmmProcess(pid, PidFd.open(pid));
    } catch (LinuxException e) {
      throw inaccessible(pid, e);
    }
  }

  int pid() {
    return pid;
  }

  List<MemoryMapping> mappings() {
    try {
      return ProcessMaps.read(pid);
    } catch (LinuxException e) {
      throw inaccessible(pid, e);
    }
  }

  Map<Integer, String> descriptors() {
    try {
      return ProcessFds.read(pid);
    } catch (LinuxException e) {
      throw inaccessible(pid, e);
    }
  }

  /** The command line; empty for a process that has exited. */
  List<String> arguments() {
    try {
      String line = new String(Files.readAllBytes(proc("cmdline")), StandardCharsets.UTF_8);
      return List.of(line.split("\0"));
    } catch (IOException e) {
      throw inaccessible(pid, e);
    }
  }

  /**
   * Whether these are threads of this process, by the ids that they know themselves by: in a
   * container those differ from ours.
   */
  boolean hasThreads(Set<Long> ownIds) {
    Set<Long> missing = new HashSet<>(ownIds);
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(proc("task"))) {
      for (Path task : tasks) {
        try (Stream<String> status = Files.lines(task.resolve("status"))) {
          // The last of these is the id in the innermost pid namespace.
          status
              .filter(line -> line.startsWith("NSpid:"))
              .forEach(
                  line -> missing.remove(Long.valueOf(line.substring(line.lastIndexOf('\t') + 1))));
        } catch (NoSuchFileException e) {
          continue; // a thread that has just ended
        }
      }
      return missing.isEmpty();
    } catch (IOException | UncheckedIOException | DirectoryIteratorException e) {
      throw inaccessible(pid, e instanceof IOException io ? io : new IOException(e));
    }
  }

  /** The program's short name, for messages. */
  String command() {
    try {
      return Files.readString(proc("comm")).strip();
    } catch (IOException e) {
      return "?";
    }
  }

  /**
   * Where a path of that process is for us: it may have another root, mount namespace or working
   * directory.
   */
  Path seenFromHere(String path) {
    if (!path.startsWith("/")) {
      return proc("cwd").resolve(path);
    }
    return sharesOurFiles() ? Path.of(path) : proc("root").resolve(path.substring(1));
  }

  /**
   * Where an open descriptor of that process can be opened again, also when its file has lost its
   * name.
   */
  Path descriptorPath(int fd) {
    return proc("fd").resolve(Integer.toString(fd));
  }

  /**
   * Kills and waits.
   *
   * @throws VmmException when it is still there after the time given
   */
  void kill(Duration timeout) {
    try {
      handle.sendSignal(SIGKILL);
    } catch (LinuxException e) {
      if (e.errno() != Errno.ESRCH) {
        throw new VmmException(
            Problem.NO_ACCESS, "cannot kill process " + pid + ": " + e.getMessage(), e);
      }
    }
    if (!awaitExit(timeout)) {
      throw new VmmException(
          Problem.WILL_NOT_DIE,
          "process "
              + pid
              + " is still there "
              + timeout.toMillis()
              + " ms after SIGKILL: it waits in the kernel, see /proc/"
              + pid
              + "/stack; do not start its guest elsewhere");
    }
  }

  boolean awaitExit(Duration timeout) {
    try {
      return handle.awaitExit(Math.max(0, timeout.toMillis()));
    } catch (LinuxException e) {
      throw new IllegalStateException("waiting for process " + pid, e);
    }
  }

  @Override
  public void close() {
    handle.close();
  }

  private boolean sharesOurFiles() {
    try {
      return Files.readSymbolicLink(proc("ns/mnt"))
              .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")))
          && Files.readSymbolicLink(proc("root"))
              .equals(Files.readSymbolicLink(Path.of("/proc/self/root")));
    } catch (IOException e) {
      return false;
    }
  }

  private Path proc(String entry) {
    return Path.of("/proc", Integer.toString(pid), entry);
  }

  private static VmmException inaccessible(int pid, IOException e) {
    boolean gone =
        e instanceof LinuxException failure
            && (failure.errno() == Errno.ESRCH || failure.errno() == Errno.EINVAL);
    return gone || !Files.exists(Path.of("/proc", Integer.toString(pid)))
        ? new VmmException(
            Problem.WRONG_PROCESS, "there is no process " + pid + "; name QEMU's by --pid", e)
        : new VmmException(
            Problem.NO_ACCESS,
            "cannot look into process "
                + pid
                + " ("
                + e.getMessage()
                + "); run Farpage as root or with CAP_SYS_PTRACE",
            e);
  }
}
