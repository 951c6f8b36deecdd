package io.farpage.linux;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process of a test. A shell stands between it and the JVM, as the JVM waits for its own children
 * and would take a traced stop for an exit.
 */
final class ChildProcess implements AutoCloseable {
  private final Process shell;
  private final BufferedReader output;
  private final BufferedWriter input;
  private final int pid;

  private ChildProcess(Process shell) throws IOException {
    this.shell = shell;
    this.output = shell.inputReader(StandardCharsets.UTF_8);
    this.input = shell.outputWriter(StandardCharsets.UTF_8);
    this.pid = Integer.parseInt(readLine());
  }

  /** Starts a program; the shell that becomes it prints its pid first. */
  static ChildProcess start(Object... command) throws IOException {
    String start = "exec 3<&0; sh -c 'echo $$; exec \"$@\"' sh \"$@\" <&3 & wait $!";
    List<String> words = new ArrayList<>(List.of("sh", "-c", start, "sh"));
    for (Object word : command) {
      words.add(word.toString());
    }
    return new ChildProcess(
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** Starts a program of {@code tracee.c}, which says by itself that it runs. */
  static ChildProcess startTracee(Object... command) throws IOException {
    ChildProcess child = start(command);
    child.readLine();
    return child;
  }

  int pid() {
    return pid;
  }

  String readLine() throws IOException {
    String line = output.readLine();
    if (line == null) {
      throw new IOException("the process ended without an answer");
    }
    return line;
  }

  String ask(String line) throws IOException {
    write(line);
    return readLine();
  }

  void write(String line) throws IOException {
    input.write(line + "\n");
    input.flush();
  }

  void signal(int signo) throws IOException {
    try (PidFd process = PidFd.open(pid)) {
      process.sendSignal(signo);
    }
  }

  /**
   * Waits until the main thread is in a state, as the third field of {@code /proc/PID/stat} names
   * it.
   */
  void awaitState(char state) throws IOException, InterruptedException {
    while (state() != state) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  char state() throws LinuxException {
    String stat = ProcFile.read("/proc/" + pid + "/stat");
    return stat.charAt(stat.lastIndexOf(')') + 2);
  }

  /** The system call that the main thread is in, -1 for none. */
  long currentSyscall() throws LinuxException {
    String text = ProcFile.read("/proc/" + pid + "/syscall").trim();
    return text.equals("running") ? -1 : Long.parseLong(text.split(" ")[0]);
  }

  /** Waits until the main thread sleeps in a system call. */
  void awaitSyscall(long number) throws IOException, InterruptedException {
    while (currentSyscall() != number) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  @Override
  public void close() throws IOException {
    try (PidFd process = PidFd.open(pid)) {
      process.sendSignal(9);
      process.awaitExit(10_000);
    } catch (LinuxException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
    shell.destroyForcibly();
  }
}
