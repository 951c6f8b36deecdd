package io.farpage.guest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How to start a QEMU for a guest that can be migrated: RAM in shared files, no devices but those
 * asked for, no network, no display.
 */
public final class QemuCommand {
  private final Builder builder;

  private QemuCommand(Builder builder) {
    this.builder = builder;
  }

  /**
   * A machine {@code pc} with one CPU under TCG.
   *
   * @param directory for sockets and logs of this QEMU; must exist, and must be its own
   */
  public static Builder builder(QemuInstallation installation, Path directory) {
    return new Builder(installation, directory);
  }

  /** Starts it. */
  public QemuProcess start() throws IOException {
    return QemuProcess.start(this);
  }

  public QemuInstallation installation() {
    return builder.installation;
  }

  public Path directory() {
    return builder.directory;
  }

  public MachineType machine() {
    return builder.machine;
  }

  public List<RamBackend> backends() {
    return List.copyOf(builder.backends);
  }

  /** The QMP sockets, in the order in which they were named. */
  public List<Path> qmpSockets() {
    return List.copyOf(builder.qmpSockets);
  }

  /** What the guest wrote on its serial port. */
  public Path serialLog() {
    return builder.directory.resolve("serial");
  }

  /** A stream to and from the guest's serial port; only if asked for. */
  public Path serialSocket() {
    return builder.directory.resolve("serial.sock");
  }

  boolean isDaemonized() {
    return builder.daemonize;
  }

  Path pidFile() {
    return builder.directory.resolve("pid");
  }

  Path errorLog() {
    return builder.directory.resolve("stderr");
  }

  /** The command line. */
  public List<String> arguments() {
    List<String> args = new ArrayList<>(builder.wrapper);
    args.add(builder.installation.binary().toString());
    for (Path data : builder.installation.dataDirectories()) {
      args.addAll(List.of("-L", data.toString()));
    }
    args.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-vga", "none"));
    args.addAll(List.of("-accel", builder.accelerator.qemuName()));
    args.addAll(List.of("-smp", Integer.toString(builder.cpus)));
    addMemory(args);
    addBoot(args);
    addSerial(args);
    for (Path socket : builder.qmpSockets) {
      args.addAll(List.of("-qmp", "unix:" + escape(socket) + ",server=on,wait=off"));
    }
    if (builder.incoming) {
      args.addAll(List.of("-incoming", "defer"));
    }
    if (builder.paused) {
      args.add("-S");
    }
    if (builder.sandbox) {
      args.addAll(
          List.of(
              "-sandbox",
              "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
    }
    if (builder.daemonize) {
      args.addAll(List.of("-daemonize", "-pidfile", pidFile().toString()));
    }
    args.addAll(builder.extra);
    return args;
  }

  private void addMemory(List<String> args) {
    long total = builder.backends.stream().mapToLong(RamBackend::sizeBytes).sum();
    args.addAll(List.of("-m", total / 1024 + "K"));
    for (RamBackend backend : builder.backends) {
      args.add("-object");
      args.add(
          String.format(
              "memory-backend-file,id=%s,size=%d,mem-path=%s,share=on",
              backend.id(), backend.sizeBytes(), escape(backend.path())));
    }
    String machine = builder.machine.qemuName();
    if (builder.backends.size() == 1) {
      machine += ",memory-backend=" + builder.backends.get(0).id();
    } else {
      for (RamBackend backend : builder.backends) {
        args.addAll(List.of("-numa", "node,memdev=" + backend.id()));
      }
    }
    args.addAll(List.of("-machine", machine));
  }

  private void addBoot(List<String> args) {
    if (builder.disk != null) {
      args.add("-drive");
      args.add("file=" + escape(builder.disk) + ",format=raw,if=ide,snapshot=on");
    }
    if (builder.kernel != null) {
      args.addAll(List.of("-kernel", builder.kernel.toString()));
      args.addAll(List.of("-initrd", builder.initrd.toString()));
      args.addAll(List.of("-append", builder.kernelCommandLine));
    }
  }

  private void addSerial(List<String> args) {
    if (builder.serialSocket) {
      args.add("-chardev");
      args.add(
          String.format(
              "socket,id=serial,path=%s,server=on,wait=off,logfile=%s",
              escape(serialSocket()), escape(serialLog())));
      args.addAll(List.of("-serial", "chardev:serial"));
    } else {
      args.addAll(List.of("-serial", "file:" + serialLog()));
    }
  }

  /** In QEMU's option lists a comma is written twice. */
  private static String escape(Path path) {
    return path.toString().replace(",", ",,");
  }

  /** Builds a {@link QemuCommand}. */
  public static final class Builder {
    private final QemuInstallation installation;
    private final Path directory;
    private final List<RamBackend> backends = new ArrayList<>();
    private final List<Path> qmpSockets = new ArrayList<>();
    private final List<String> extra = new ArrayList<>();
    private List<String> wrapper = List.of();
    private Accelerator accelerator = Accelerator.TCG;
    private MachineType machine = MachineType.PC;
    private int cpus = 1;
    private Path disk;
    private Path kernel;
    private Path initrd;
    private String kernelCommandLine;
    private boolean serialSocket;
    private boolean incoming;
    private boolean paused;
    private boolean sandbox;
    private boolean daemonize;

    private Builder(QemuInstallation installation, Path directory) {
      this.installation = Objects.requireNonNull(installation, "installation");
      this.directory = directory.toAbsolutePath();
    }

    public Builder accelerator(Accelerator value) {
      accelerator = Objects.requireNonNull(value, "accelerator");
      return this;
    }

    public Builder machine(MachineType value) {
      machine = Objects.requireNonNull(value, "machine");
      return this;
    }

    public Builder cpus(int value) {
      cpus = value;
      return this;
    }

    /** RAM in one file, on tmpfs or hugetlbfs. */
    public Builder memory(long sizeBytes, Path file) {
      return backend(new RamBackend("mem", sizeBytes, file));
    }

    /** Adds RAM; with more than one backend, each is a NUMA node. */
    public Builder backend(RamBackend backend) {
      backends.add(backend);
      return this;
    }

    /** Boots from a raw image, which is not written to. */
    public Builder disk(Path image) {
      disk = image;
      return this;
    }

    /** Boots a Linux kernel. */
    public Builder kernel(Path image, Path initialRamFileSystem, String commandLine) {
      kernel = Objects.requireNonNull(image, "image");
      initrd = Objects.requireNonNull(initialRamFileSystem, "initialRamFileSystem");
      kernelCommandLine = Objects.requireNonNull(commandLine, "commandLine");
      return this;
    }

    /** Makes the serial port a socket, beside the log. */
    public Builder serialSocket() {
      serialSocket = true;
      return this;
    }

    /** Adds a QMP socket at {@code path}; without any there is one, {@code qmp.sock}. */
    public Builder qmpSocket(Path path) {
      qmpSockets.add(path.toAbsolutePath());
      return this;
    }

    /** Waits for a migration: {@code -incoming defer}. */
    public Builder incoming() {
      incoming = true;
      return this;
    }

    /** Does not start the guest: {@code -S}. */
    public Builder paused() {
      paused = true;
      return this;
    }

    /** Forbids QEMU the system calls that libvirt forbids it. */
    public Builder sandbox() {
      sandbox = true;
      return this;
    }

    /** Makes QEMU a daemon, as some management tools do. */
    public Builder daemonize() {
      daemonize = true;
      return this;
    }

    /** Starts QEMU by another program that becomes it, such as {@code ip netns exec NAME}. */
    public Builder under(List<String> command) {
      wrapper = List.copyOf(command);
      return this;
    }

    /** Adds arguments as they are. */
    public Builder extra(String... arguments) {
      extra.addAll(List.of(arguments));
      return this;
    }

    public QemuCommand build() {
      if (backends.isEmpty()) {
        throw new IllegalArgumentException("a guest without memory");
      }
      if (sandbox && daemonize) {
        throw new IllegalArgumentException("QEMU cannot become a daemon within its sandbox");
      }
      if (qmpSockets.isEmpty()) {
        qmpSockets.add(directory.resolve("qmp.sock"));
      }
      return new QemuCommand(this);
    }
  }
}
