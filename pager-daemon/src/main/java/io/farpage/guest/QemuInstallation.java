package io.farpage.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A QEMU that can be run.
 *
 * @param binary {@code qemu-system-x86_64}
 * @param environment to be added to that of the process
 * @param dataDirectories for {@code -L}; empty: those that the binary knows
 * @param version as it says itself, like {@code 7.2.22}
 */
public record QemuInstallation(
    Path binary, Map<String, String> environment, List<Path> dataDirectories, String version) {
  private static final String BINARY = "qemu-system-x86_64";
  private static final Pattern VERSION = Pattern.compile("emulator version ([0-9][^ ]*)");

  public QemuInstallation {
    environment = Map.copyOf(environment);
    dataDirectories = List.copyOf(dataDirectories);
  }

  /** The one that the environment variable {@code FARPAGE_QEMU} names, or on the search path. */
  public static Optional<QemuInstallation> system() {
    String named = System.getenv("FARPAGE_QEMU");
    Stream<Path> candidates =
        named != null && !named.isEmpty()
            ? Stream.of(Path.of(named))
            : Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":"))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, BINARY));
    return candidates
        .filter(Files::isExecutable)
        .findFirst()
        .flatMap(binary -> probe(binary, Map.of(), List.of()));
  }

  /** QEMU 10, as the script {@code fetch-qemu10} unpacks it into the cache directory. */
  public static Optional<QemuInstallation> qemu10() {
    Path root = CacheDirectory.path().resolve("qemu10");
    Path binary = root.resolve("usr/bin").resolve(BINARY);
    if (!Files.isExecutable(binary)) {
      return Optional.empty();
    }
    Map<String, String> environment =
        Map.of(
            "LD_LIBRARY_PATH",
            root.resolve("usr/lib/x86_64-linux-gnu") + ":" + root.resolve("lib/x86_64-linux-gnu"),
            "QEMU_MODULE_DIR",
            root.resolve("usr/lib/x86_64-linux-gnu/qemu").toString());
    List<Path> data = List.of(root.resolve("usr/share/qemu"), root.resolve("usr/share/seabios"));
    return probe(binary, environment, data);
  }

  /** All that can be run here; empty when there is none. */
  public static List<QemuInstallation> available() {
    List<QemuInstallation> found = new ArrayList<>();
    system().ifPresent(found::add);
    qemu10()
        .filter(other -> found.stream().noneMatch(one -> one.version().equals(other.version())))
        .ifPresent(found::add);
    return found;
  }

  /** The number before the first dot of the version. */
  public int majorVersion() {
    return Integer.parseInt(version.substring(0, version.indexOf('.')));
  }

  @Override
  public String toString() {
    return "QEMU " + version;
  }

  private static Optional<QemuInstallation> probe(
      Path binary, Map<String, String> environment, List<Path> dataDirectories) {
    ProcessBuilder builder = new ProcessBuilder(binary.toString(), "--version");
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true);
    try {
      Process process = builder.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Matcher matcher = VERSION.matcher(output);
      if (process.waitFor() != 0 || !matcher.find()) {
        throw new IOException(binary + " --version: " + output.strip());
      }
      return Optional.of(
          new QemuInstallation(binary, environment, dataDirectories, matcher.group(1)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
