package io.farpage.lab;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The second of two hosts, for a program that runs on the first.
 *
 * <p>Both look at the same files; the second does what it is told through them, see the script
 * {@code with-remote-host}. What it starts has the program's current directory and environment, but
 * its own {@code FARPAGE_LAB_HOST}, {@code FARPAGE_LAB_ADDRESS} and {@code FARPAGE_LAB_PEER}.
 */
public final class RemoteHost implements AutoCloseable {
  private final Path directory;
  private final String address;
  private final List<RemoteProcess> processes = new ArrayList<>();
  private int lastNumber;

  private RemoteHost(Path directory, String address) {
    this.directory = directory;
    this.address = address;
  }

  /**
   * Finds it in the environment.
   *
   * @throws IllegalStateException when this is not the first of two hosts
   */
  public static RemoteHost find() {
    String shared = System.getenv("FARPAGE_LAB_SHARED");
    String peer = System.getenv("FARPAGE_LAB_PEER");
    if (shared == null || peer == null || !"1".equals(System.getenv("FARPAGE_LAB_HOST"))) {
      throw new IllegalStateException("this is not the first of the lab's two hosts");
    }
    return new RemoteHost(Path.of(shared, "remote"), peer);
  }

  /** The IPv4 address of its RDMA adapter. */
  public String address() {
    return address;
  }

  /**
   * Starts a program, in a process group of its own and with an empty input.
   *
   * @throws IOException when the host does not answer
   */
  public RemoteProcess start(String... command) throws IOException {
    return startScript(
        Stream.of(command).map(RemoteHost::quoted).collect(Collectors.joining(" ", "exec ", "\n")));
  }

  /**
   * Runs a program, and gives its output.
   *
   * @throws IOException when the host does not answer, or the program fails or takes too long
   */
  public String run(Duration timeout, String... command) throws IOException {
    RemoteProcess process = start(command);
    int exitCode = process.awaitExit(timeout);
    if (exitCode != 0) {
      throw new IOException(
          String.join(" ", command) + ": exit code " + exitCode + ": " + process.stderr().strip());
    }
    return process.stdout();
  }

  /** Starts a script for bash. */
  RemoteProcess startScript(String script) throws IOException {
    Path slot = nextSlot();
    Path written = slot.resolve("command.new");
    Files.writeString(written, script);
    Files.move(written, slot.resolve("command"), StandardCopyOption.ATOMIC_MOVE);
    RemoteProcess process = RemoteProcess.started(this, slot, script.strip());
    processes.add(process);
    return process;
  }

  /** Kills what still runs of all that was started here. */
  @Override
  public void close() throws IOException {
    for (RemoteProcess process : List.copyOf(processes)) {
      if (process.exitCode().isEmpty()) {
        process.kill("KILL");
      }
    }
  }

  /** The host takes the slots in their order; another object may have used some. */
  private Path nextSlot() throws IOException {
    while (true) {
      Path slot = directory.resolve(Integer.toString(++lastNumber));
      try {
        return Files.createDirectory(slot);
      } catch (FileAlreadyExistsException e) {
        continue;
      }
    }
  }

  private static String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }
}
