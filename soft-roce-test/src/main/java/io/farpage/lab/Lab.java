package io.farpage.lab;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A machine with an RDMA adapter for the time of one command: what {@code farpage lab} starts.
 *
 * <p>{@code farpage lab --help} says what the command finds there.
 *
 * @param kernel what the VM boots
 * @param hosts 1, or 2 that are joined by a cable
 * @param memoryMib of each VM, in MiB; 0: what the launcher finds right
 * @param cpus of each VM; 0: what the launcher finds right
 * @param timeout for the boot and the command, at least a second
 * @param out where console, output and files of the command are kept; null: nowhere
 * @param hereAddress of an RDMA adapter of this machine, which then runs the command itself; null:
 *     a VM does
 */
public record Lab(
    LabKernel kernel,
    int hosts,
    int memoryMib,
    int cpus,
    Duration timeout,
    Path out,
    String hereAddress) {
  /** Exit code: the command took too long. */
  public static final int TIMED_OUT = 124;

  /** Exit code: a VM did not come up, or died. */
  public static final int FAILED = 125;

  private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  /**
   * @throws IllegalArgumentException for a number out of its range
   */
  public Lab {
    Objects.requireNonNull(kernel, "kernel");
    require(hosts == 1 || hosts == 2, "1 or 2 hosts, not " + hosts);
    require(memoryMib >= 0, "a negative size");
    require(cpus >= 0, "a negative number of CPUs");
    require(timeout.toSeconds() >= 1, "a timeout of at least a second, not " + timeout);
    require(hereAddress == null || hosts == 1, "this machine is one host, not two");
  }

  /** One VM with this kernel. */
  public static Lab on(LabKernel kernel) {
    return new Lab(kernel, 1, 0, 0, DEFAULT_TIMEOUT, null, null);
  }

  /** The same with so many hosts. */
  public Lab hosts(int value) {
    return new Lab(kernel, value, memoryMib, cpus, timeout, out, hereAddress);
  }

  /** The same with so much memory for each VM. */
  public Lab memoryMib(int value) {
    return new Lab(kernel, hosts, value, cpus, timeout, out, hereAddress);
  }

  /** The same with so many CPUs for each VM. */
  public Lab cpus(int value) {
    return new Lab(kernel, hosts, memoryMib, value, timeout, out, hereAddress);
  }

  /** The same with another time limit. */
  public Lab timeout(Duration value) {
    return new Lab(kernel, hosts, memoryMib, cpus, value, out, hereAddress);
  }

  /** The same, keeping what comes out in a directory. */
  public Lab out(Path directory) {
    return new Lab(kernel, hosts, memoryMib, cpus, timeout, directory, hereAddress);
  }

  /** No VM but this machine, with the adapter that has this address. */
  public Lab here(String address) {
    return new Lab(kernel, hosts, memoryMib, cpus, timeout, out, address);
  }

  /**
   * Gets what the VM needs, unless it is there.
   *
   * @throws IOException with the reason when it cannot be had
   */
  public void prepare() throws IOException {
    if (hereAddress != null) {
      return;
    }
    LabRun run = launch(List.of("--kernel", kernel.toString(), "--prepare"));
    if (run.exitCode() != 0) {
      throw new IOException(run.stderr().strip());
    }
  }

  /**
   * Runs a command, on two hosts on both at once, and waits for its end.
   *
   * @throws IOException when the launcher cannot be started
   */
  public LabRun run(List<String> command) throws IOException {
    List<String> arguments = new ArrayList<>();
    if (hereAddress != null) {
      arguments.addAll(List.of("--here", hereAddress));
    } else {
      arguments.addAll(List.of("--kernel", kernel.toString(), "--hosts", Integer.toString(hosts)));
      if (memoryMib > 0) {
        arguments.addAll(List.of("--memory", memoryMib + "M"));
      }
      if (cpus > 0) {
        arguments.addAll(List.of("--cpus", Integer.toString(cpus)));
      }
    }
    arguments.addAll(List.of("--timeout", Long.toString(timeout.toSeconds())));
    if (out != null) {
      arguments.addAll(List.of("--out", out.toString()));
    }
    arguments.add("--");
    arguments.addAll(command);
    return launch(arguments);
  }

  /** One of the lab's scripts, in the source tree beside the compiled classes. */
  static Path script(String name) {
    try {
      Path classes = Path.of(Lab.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return classes.resolveSibling("../src/main/lab").resolve(name).normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static LabRun launch(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(script("lab").toString());
    command.addAll(arguments);
    return launch(new ProcessBuilder(command));
  }

  /** Runs the launcher, which ends its VMs when it is asked to end. */
  static LabRun launch(ProcessBuilder builder) throws IOException {
    Path stdout = Files.createTempFile("lab", ".stdout");
    Path stderr = Files.createTempFile("lab", ".stderr");
    try {
      Process process =
          builder.redirectOutput(stdout.toFile()).redirectError(stderr.toFile()).start();
      try {
        int exitCode = process.waitFor();
        return new LabRun(exitCode, Files.readString(stdout), Files.readString(stderr));
      } finally {
        process.destroy();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } finally {
      Files.delete(stdout);
      Files.delete(stderr);
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
