package io.farpage.guest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * A running QEMU. Closing it kills it, and nothing else; so does the end of this JVM, unless that
 * is killed itself.
 */
public final class QemuProcess implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final long POLL_MS = 5;

  private final QemuCommand command;
  private final ProcessHandle process;
  private final Thread killer;
  private GuestRamFiles memory;

  private QemuProcess(QemuCommand command, ProcessHandle process) {
    this.command = command;
    this.process = process;
    this.killer = new Thread(process::destroyForcibly, "kill-qemu-" + process.pid());
    Runtime.getRuntime().addShutdownHook(killer);
  }

  /** Starts QEMU and waits until its QMP sockets listen. */
  static QemuProcess start(QemuCommand command) throws IOException {
    Files.deleteIfExists(command.serialLog());
    Files.deleteIfExists(command.pidFile());
    ProcessBuilder builder = new ProcessBuilder(command.arguments());
    builder.environment().putAll(command.installation().environment());
    builder.directory(command.directory().toFile());
    builder.redirectErrorStream(true).redirectOutput(command.errorLog().toFile());
    Process child = builder.start();
    child.getOutputStream().close();
    ProcessHandle handle = command.isDaemonized() ? awaitDaemon(command, child) : child.toHandle();
    QemuProcess qemu = new QemuProcess(command, handle);
    try {
      for (Path socket : command.qmpSockets()) {
        qemu.await(
            "QMP at " + socket, START_TIMEOUT, () -> UnixSockets.isListening(qemu.pid(), socket));
      }
    } catch (RuntimeException e) {
      qemu.close();
      throw e;
    }
    return qemu;
  }

  public QemuCommand command() {
    return command;
  }

  public long pid() {
    return process.pid();
  }

  public boolean isRunning() {
    return process.isAlive();
  }

  /** What QEMU wrote on its standard error (and output). */
  public String errors() {
    return read(command.errorLog());
  }

  /** What the guest has written on its serial port so far. */
  public String serial() {
    return read(command.serialLog());
  }

  /** The guest's memory, by the files that back it. */
  public synchronized GuestMemory memory() throws IOException {
    if (memory == null) {
      memory = GuestRamFiles.open(command.machine(), command.backends());
    }
    return memory;
  }

  /** Waits until the guest has written {@code text} on its serial port. */
  public void awaitSerial(String text, Duration timeout) {
    awaitSerial(text, 0, timeout);
  }

  /** The same, for what comes after the first {@code from} characters. */
  public void awaitSerial(String text, int from, Duration timeout) {
    await("'" + text + "' on the serial port", timeout, () -> serial().indexOf(text, from) >= 0);
  }

  /** Waits until QEMU has ended by itself. */
  public void awaitExit(Duration timeout) {
    try {
      process.onExit().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("QEMU still runs after " + timeout, e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    awaitExit(START_TIMEOUT);
    removeKiller();
    synchronized (this) {
      if (memory != null) {
        memory.close();
      }
    }
  }

  /** Waits until something holds, and fails at once when QEMU ends before. */
  public void await(String what, Duration timeout, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (!process.isAlive() && !condition.getAsBoolean()) {
        throw new IllegalStateException(
            "QEMU has ended before " + what + " came: " + errors() + serialTail());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            what + " did not come within " + timeout + "; QEMU: " + errors() + serialTail());
      }
      pause();
    }
  }

  private void removeKiller() {
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      // this JVM is ending: the hook runs
    }
  }

  private String serialTail() {
    String serial = serial();
    return "\nserial port: " + serial.substring(Math.max(0, serial.length() - 2000));
  }

  private static ProcessHandle awaitDaemon(QemuCommand command, Process launcher)
      throws IOException {
    try {
      int status = launcher.waitFor();
      if (status != 0) {
        throw new IOException("qemu -daemonize: exit " + status + ": " + read(command.errorLog()));
      }
      long pid = Long.parseLong(read(command.pidFile()).strip());
      return ProcessHandle.of(pid)
          .orElseThrow(() -> new IOException("QEMU has ended: " + read(command.errorLog())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
    } catch (IOException e) {
      return "(" + e + ")";
    }
  }
}
