package io.farpage.vmm;

import io.farpage.qmp.QmpClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real QEMU process for one test, stopped (-S) and without devices unless asked for; gone with
 * its files on close.
 */
public final class RealQemu implements AutoCloseable {
  public static final Duration TIMEOUT = Duration.ofSeconds(20);

  private static final String PROGRAM =
      System.getProperty("farpage.test.qemu", "qemu-system-x86_64");

  private final Path directory;
  private final Path ramDirectory;
  private Process process;
  private OptionalInt daemonPid = OptionalInt.empty();

  private RealQemu() throws IOException {
    directory = Files.createTempDirectory("farpage-qemu");
    ramDirectory = Files.createTempDirectory(Path.of("/dev/shm"), "farpage-test");
  }

  /** As every Farpage guest should be: 64 MiB in one shared file. */
  public static RealQemu withSharedRam(String... more) {
    return start(true, List.of(), more);
  }

  /**
   * With nothing but the given arguments (RAM included). {@code RAMDIR} and {@code DIR} in them are
   * replaced.
   */
  public static RealQemu with(String... arguments) {
    return start(false, List.of(), arguments);
  }

  /** As {@link #with}, under another program such as {@code unshare}. */
  public static RealQemu under(List<String> wrapper, String... arguments) {
    return start(false, wrapper, arguments);
  }

  private static RealQemu start(boolean sharedRam, List<String> wrapper, String... more) {
    try {
      RealQemu qemu = new RealQemu();
      try {
        qemu.launch(sharedRam, wrapper, more);
        return qemu;
      } catch (IOException | RuntimeException e) {
        qemu.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void launch(boolean sharedRam, List<String> wrapper, String... more) throws IOException {
    List<String> command = new ArrayList<>();
    wrapper.forEach(argument -> command.add(expand(argument)));
    command.addAll(
        List.of(
            PROGRAM,
            "-display",
            "none",
            "-nodefaults",
            "-qmp",
            "unix:" + socket() + ",server=on,wait=off"));
    if (sharedRam) {
      command.addAll(
          List.of(
              "-m",
              "64",
              "-object",
              "memory-backend-file,id=mem,size=64M,mem-path=" + ramFile() + ",share=on"));
      command.addAll(List.of("-M", "pc,memory-backend=mem"));
    }
    if (!List.of(more).contains("-incoming")) {
      // A destination decides by what comes in whether its guest runs: -S would keep it from that.
      command.add("-S");
    }
    for (String argument : more) {
      command.add(expand(argument));
    }
    process =
        new ProcessBuilder(command)
            .directory(ramDirectory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    awaitListening();
    Path pidFile = directory.resolve("pid");
    if (Files.exists(pidFile)) {
      daemonPid = OptionalInt.of(Integer.parseInt(Files.readString(pidFile).strip()));
    }
  }

  public Path socket() {
    return directory.resolve("qmp");
  }

  public Path ramFile() {
    return ramDirectory.resolve("ram");
  }

  public Path ramDirectory() {
    return ramDirectory;
  }

  public Path directory() {
    return directory;
  }

  public int pid() {
    return daemonPid.orElse((int) process.pid());
  }

  public boolean isAlive() {
    return ProcessHandle.of(pid()).map(ProcessHandle::isAlive).orElse(false);
  }

  public QmpClient connect() {
    return QmpClient.connect(socket(), TIMEOUT);
  }

  public Qemu attach() {
    return Qemu.attach(socket(), OptionalInt.empty(), TIMEOUT);
  }

  /** Waits until the process has exited and was reaped. */
  public boolean awaitExit() {
    try {
      return process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    if (process != null) {
      daemonPid.ifPresent(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
      process.destroyForcibly();
      try {
        process.waitFor(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    delete(directory);
    delete(ramDirectory);
  }

  private String expand(String argument) {
    return argument.replace("RAMDIR", ramDirectory.toString()).replace("DIR", directory.toString());
  }

  /**
   * The file is there before anybody listens on it, and a connection to look would count as QEMU's
   * one client.
   */
  private void awaitListening() throws IOException {
    long deadlineNs = System.nanoTime() + TIMEOUT.toNanos();
    while (System.nanoTime() < deadlineNs) {
      boolean listening =
          Files.readString(Path.of("/proc/net/unix"))
              .lines()
              .anyMatch(line -> line.endsWith(" " + socket()) && line.contains(" 00010000 "));
      if (listening) {
        return;
      }
      if (!process.isAlive() && process.exitValue() != 0) {
        break;
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    throw new IOException("QEMU did not start: " + Files.readString(directory.resolve("output")));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
