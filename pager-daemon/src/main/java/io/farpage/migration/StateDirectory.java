package io.farpage.migration;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where journals live and where the VMM's local sockets are made.
 *
 * <p>By default {@code /run/farpage} for root, else {@code $XDG_RUNTIME_DIR/farpage}, else one in
 * the temporary directory.
 */
public final class StateDirectory {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> PASS_THROUGH =
      PosixFilePermissions.fromString("rwx--x--x");

  private final Path path;

  private StateDirectory(final Path path) {
    this.path = path;
  }

  /** Opens a directory, making it if need be; null stands for the default. */
  public static StateDirectory open(final Path wanted) throws MigrationException {
    final Path path = wanted == null ? defaultPath() : wanted.toAbsolutePath();
    try {
      if (!Files.isDirectory(path)) {
        Files.createDirectories(path);
        // the VMM, perhaps another user, has to reach its socket inside
        Files.setPosixFilePermissions(path, PASS_THROUGH);
      }
      return new StateDirectory(path);
    } catch (final IOException e) {
      throw new MigrationException(
          Outcome.REFUSED,
          "cannot use the state directory "
              + path
              + " ("
              + (e instanceof FileSystemException refused && refused.getReason() != null
                  ? refused.getReason()
                  : "it cannot be made")
              + "); choose one with --state-dir",
          e);
    }
  }

  private static Path defaultPath() {
    if ("root".equals(System.getProperty("user.name"))) {
      return Path.of("/run/farpage");
    }
    final String runtime = System.getenv("XDG_RUNTIME_DIR");
    return runtime != null && !runtime.isEmpty()
        ? Path.of(runtime, "farpage")
        : Path.of(
            System.getProperty("java.io.tmpdir"), "farpage-" + System.getProperty("user.name"));
  }

  /** Returns the directory. */
  public Path path() {
    return path;
  }

  /** Makes an empty directory for the sockets of one session, which the VMM's user owns. */
  Path newSocketDirectory(final int vmmPid) throws IOException {
    final Path directory = Files.createTempDirectory(path, prefix(vmmPid));
    Files.setPosixFilePermissions(directory, OWNER_ONLY);
    final UserPrincipal vmmUser = Files.getOwner(Path.of("/proc", Integer.toString(vmmPid)));
    if (!vmmUser.equals(Files.getOwner(directory))) {
      Files.setOwner(directory, vmmUser);
    }
    return directory;
  }

  private static String prefix(final int vmmPid) {
    return "s" + vmmPid + "-";
  }

  /**
   * Removes the socket directories that a daemon of the same VMM left behind when it was killed.
   */
  void removeLeftOvers(final int vmmPid) throws IOException {
    final List<Path> leftOvers;
    try (Stream<Path> all = Files.list(path)) {
      leftOvers = all.filter(p -> p.getFileName().toString().startsWith(prefix(vmmPid))).toList();
    }
    for (final Path each : leftOvers) {
      remove(each);
    }
  }

  /** Removes a file, or a directory and what is in it; nothing happens when there is none. */
  public static void remove(final Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    final List<Path> all;
    try (Stream<Path> walk = Files.walk(directory)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (final Path path : all) {
      Files.deleteIfExists(path);
    }
  }
}
