package io.farpage.vmm;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.qmp.QmpClient;
import io.farpage.qmp.QmpClosedException;
import io.farpage.qmp.QmpCommandException;
import io.farpage.qmp.QmpEventListener;
import io.farpage.qmp.QmpException;
import io.farpage.vmm.VmmException.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running QEMU, driven by QMP.
 *
 * <p>Attaching changes nothing in QEMU. Checks (those named {@code require…}, {@code refuse…} and
 * {@code is…}) have no side effects either. Thread-safe, as {@link QmpClient} is. Any method can
 * fail with a {@link QmpException} when QEMU refuses, does not answer, or is gone.
 */
public final class Qemu implements Vmm {
  private static final Logger LOG = LoggerFactory.getLogger(Qemu.class);

  /** How long a killed process gets: it may have gigabytes to unmap. */
  private static final Duration KILL_TIMEOUT = Duration.ofSeconds(30);

  private final QmpClient qmp;
  private final VmmProcess process;
  private final String name;
  private final List<RamRegion> ram;

  private Qemu(QmpClient qmp, VmmProcess process, String name, List<RamRegion> ram) {
    this.qmp = qmp;
    this.process = process;
    this.name = name;
    this.ram = ram;
  }

  /**
   * Attaches without a listener: see {@link #attach(Path, OptionalInt, Duration,
   * QmpEventListener)}.
   */
  public static Qemu attach(Path qmpSocket, OptionalInt pid, Duration timeout) {
    return attach(qmpSocket, pid, timeout, event -> {});
  }

  /**
   * Connects to a QEMU, finds its process and its RAM, and checks that all of the RAM can be moved.
   *
   * @param pid QEMU's process when it is known better than by the socket's peer credentials (the
   *     socket is behind a proxy, or was opened by who started QEMU); it is checked
   * @param timeout for connecting
   * @param listener told of every event of QEMU from the first one on
   * @throws VmmException when the process cannot be found, or its RAM is not all in shared, named
   *     files
   */
  public static Qemu attach(
      Path qmpSocket, OptionalInt pid, Duration timeout, QmpEventListener listener) {
    QmpClient qmp = QmpClient.connect(qmpSocket, timeout, listener);
    VmmProcess process = null;
    try {
      int processId = pid.orElse(qmp.peerPid());
      if (processId <= 0) {
        throw new VmmException(
            Problem.WRONG_PROCESS,
            "the process that listens on "
                + qmpSocket
                + " is not visible from here (another pid namespace); run Farpage beside"
                + " QEMU, or name QEMU's process by --pid");
      }
      process = VmmProcess.open(processId);
      refuseUnlessOwnProcess(
          qmp, process, pid.isPresent() ? "given by --pid" : "which listens on " + qmpSocket);
      List<RamRegion> ram = QemuRam.find(qmp, process);
      String name = qmp.execute("query-name").path("name").asText("QEMU " + processId);
      LOG.debug("attached to {}, process {}: {}", name, processId, ram);
      return new Qemu(qmp, process, name, ram);
    } catch (RuntimeException e) {
      if (process != null) {
        process.close();
      }
      qmp.close();
      throw e;
    }
  }

  @Override
  public int pid() {
    return process.pid();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<RamRegion> ram() {
    return ram;
  }

  /** The session; for what this class has no method for. */
  public QmpClient qmp() {
    return qmp;
  }

  /** QEMU's machine type, such as {@code pc-i440fx-7.2}; empty when QEMU does not tell. */
  public String machineType() {
    try {
      String type = qmp.execute("qom-get", Map.of("path", "/machine", "property", "type")).asText();
      return type.endsWith("-machine")
          ? type.substring(0, type.length() - "-machine".length())
          : type;
    } catch (QmpCommandException e) {
      LOG.debug("no machine type", e);
      return "";
    }
  }

  /** The number of vCPUs that the guest has now. */
  public int cpuCount() {
    return qmp.execute("query-cpus-fast").size();
  }

  /** QEMU's run state, such as {@code running}, {@code paused} or {@code inmigrate}. */
  public String runState() {
    return qmp.execute("query-status").path("status").asText();
  }

  /**
   * Refuses a VM whose memory something other than QEMU's own process reads or writes: VFIO,
   * vhost-vdpa, vhost-user, ivshmem. Such a writer neither faults on QEMU's userfaultfd nor stops
   * with the guest.
   *
   * @throws VmmException with every such device by name
   */
  public void refuseForeignWriters() {
    Set<String> found = new LinkedHashSet<>();
    for (String container :
        List.of("/machine/peripheral", "/machine/peripheral-anon", "/objects")) {
      found.addAll(ForeignWriters.inQomList(qmp.execute("qom-list", Map.of("path", container))));
    }
    found.addAll(ForeignWriters.inNetworkInfo(networkInfo()));
    found.addAll(
        ForeignWriters.inBlockNodes(qmp.execute("query-named-block-nodes", Map.of("flat", true))));
    found.addAll(ForeignWriters.inDescriptors(process.descriptors().values()));
    if (!found.isEmpty()) {
      throw new VmmException(
          Problem.FOREIGN_WRITER,
          "other processes or hardware write this guest's memory, so it cannot be moved: "
              + String.join(", ", found)
              + "; unplug them first (device_del), or start QEMU without them");
    }
  }

  /** Whether {@link #requireIncomingDefer} would pass. */
  public boolean isIncomingDefer() {
    try {
      requireIncomingDefer();
      return true;
    } catch (VmmException e) {
      LOG.debug("no destination", e);
      return false;
    }
  }

  /**
   * Checks that this QEMU can be a destination: started with {@code -incoming defer}, and nothing
   * has come in yet.
   *
   * @throws VmmException when not, with the reason
   */
  public void requireIncomingDefer() {
    List<String> arguments = process.arguments();
    String incoming = null;
    for (int i = 0; i + 1 < arguments.size(); i++) {
      if (arguments.get(i).equals("-incoming") || arguments.get(i).equals("--incoming")) {
        incoming = arguments.get(i + 1);
      }
    }
    if (incoming == null) {
      throw new VmmException(
          Problem.NOT_INCOMING_DEFER,
          "the destination QEMU ("
              + name
              + ") was started without -incoming; start it with the source's options and -incoming defer");
    }
    if (!incoming.equals("defer")) {
      throw new VmmException(
          Problem.NOT_INCOMING_DEFER,
          "the destination QEMU ("
              + name
              + ") was started with -incoming "
              + incoming
              + "; start it with -incoming defer");
    }
    String runState = runState();
    JsonNode migration = qmp.execute("query-migrate");
    boolean fresh =
        migration.path("status").asText("none").equals("none")
            && migration.path("socket-address").isEmpty();
    if (!runState.equals("inmigrate") || !fresh) {
      throw new VmmException(
          Problem.INCOMING_ALREADY_USED,
          "the destination QEMU ("
              + name
              + ") has been given a migration already (run state '"
              + runState
              + "', migration '"
              + migration.path("status").asText("listening")
              + "'); start a new one with -incoming defer");
    }
  }

  /**
   * Checks that this QEMU can be a source: it has a guest, running or paused, that is not being
   * migrated and that QEMU would migrate.
   *
   * @throws VmmException when not, with the reason
   */
  public void requireMigratable() {
    String runState = runState();
    MigrationInfo migration = queryMigration();
    switch (runState) {
      case "inmigrate" ->
          throw new VmmException(
              Problem.NO_GUEST,
              "the source QEMU ("
                  + name
                  + ") waits for an incoming migration itself: it has no guest to move; is its QMP socket"
                  + " that of the destination?");
      case "postmigrate" ->
          throw new VmmException(
              Problem.NO_GUEST,
              "the guest of the source QEMU ("
                  + name
                  + ") has been migrated away already; 'quit' this QEMU, or 'cont' it if the"
                  + " guest certainly runs nowhere else");
      default -> {
        if (migration.isUnderWay() || runState.equals("finish-migrate")) {
          throw new VmmException(
              Problem.ALREADY_MIGRATING,
              "the source QEMU ("
                  + name
                  + ") is being migrated already (status '"
                  + migration.status()
                  + "'); wait for it, or cancel it with migrate_cancel");
        }
      }
    }
    if (!migration.blockedReasons().isEmpty()) {
      throw new VmmException(
          Problem.MIGRATION_BLOCKED,
          "the source QEMU ("
              + name
              + ") refuses to migrate: "
              + String.join("; ", migration.blockedReasons()));
    }
  }

  /** Starts an outgoing migration to a listening UNIX socket; returns when QEMU has begun. */
  public void startMigration(Path unixSocket) {
    qmp.execute("migrate", Map.of("uri", uri(unixSocket)));
  }

  /** Lets an incoming migration come; on return, QEMU listens on the UNIX socket. */
  public void startIncoming(Path unixSocket) {
    qmp.execute("migrate-incoming", Map.of("uri", uri(unixSocket)));
  }

  /** Goes on from {@code pre-switchover}: QEMU sends the device state. */
  public void continueSwitchover() {
    qmp.execute("migrate-continue", Map.of("state", "pre-switchover"));
  }

  /**
   * Cancels the outgoing migration; QEMU does so soon after, and its guest goes on. Nothing happens
   * if there is none.
   */
  public void cancelMigration() {
    qmp.execute("migrate_cancel");
  }

  /** How the migration is going. */
  public MigrationInfo queryMigration() {
    return MigrationInfo.fromReply(qmp.execute("query-migrate"));
  }

  /** Lets the guest run. */
  public void resumeGuest() {
    qmp.execute("cont");
  }

  /**
   * Ends QEMU: by {@code quit}, and when it does not answer or is not gone within the time (a QEMU
   * whose main thread waits for a page cannot quit), by SIGKILL. On return the process is gone.
   *
   * @throws VmmException when the process outlives even SIGKILL
   */
  public void quit(Duration timeout) {
    long deadlineNs = System.nanoTime() + timeout.toNanos();
    try {
      qmp.execute("quit", Map.of(), timeout);
    } catch (QmpClosedException e) {
      LOG.debug("{} closed its QMP socket on quit", name, e);
    } catch (QmpException e) {
      LOG.warn("{} does not quit: {}", name, e.getMessage());
    }
    if (!process.awaitExit(Duration.ofNanos(deadlineNs - System.nanoTime()))) {
      LOG.warn(
          "{}, process {}, did not exit within {} ms: killing it", name, pid(), timeout.toMillis());
      process.kill(KILL_TIMEOUT);
    }
  }

  /**
   * Ends QEMU by SIGKILL. On return the process is gone.
   *
   * @throws VmmException when it is still there after the time given
   */
  public void killNow(Duration timeout) {
    process.kill(timeout);
  }

  /** Whether QEMU's process has exited. */
  public boolean hasExited() {
    return process.awaitExit(Duration.ZERO);
  }

  /** Detaches: ends the QMP session. QEMU and its guest go on. */
  @Override
  public void close() {
    qmp.close();
    process.close();
  }

  /**
   * QEMU tells the ids of its vCPU threads: the process that has them is the one at the other end
   * of the session.
   */
  private static void refuseUnlessOwnProcess(
      QmpClient qmp, VmmProcess process, String howItWasFound) {
    Set<Long> vcpuThreads = new HashSet<>();
    qmp.execute("query-cpus-fast").forEach(cpu -> vcpuThreads.add(cpu.path("thread-id").asLong()));
    if (!process.hasThreads(vcpuThreads)) {
      throw new VmmException(
          Problem.WRONG_PROCESS,
          "process "
              + process.pid()
              + " ("
              + process.command()
              + "), "
              + howItWasFound
              + ", is not the QEMU that answers there: the socket may be behind a proxy, or was opened by who started QEMU;"
              + " name QEMU's process by --pid");
    }
  }

  private String networkInfo() {
    try {
      return qmp.execute("human-monitor-command", Map.of("command-line", "info network")).asText();
    } catch (QmpCommandException e) {
      if (!e.isCommandNotFound()) {
        throw e;
      }
      // A QEMU without the human monitor: what was plugged later goes unseen here, but shows among
      // the descriptors.
      List<String> netdevs = new ArrayList<>();
      List<String> arguments = process.arguments();
      for (int i = 1; i < arguments.size(); i++) {
        if (arguments.get(i - 1).matches("--?net(dev)?")) {
          netdevs.add(arguments.get(i) + ": index=0,type=" + arguments.get(i));
        }
      }
      return String.join("\n", netdevs);
    }
  }

  private static String uri(Path unixSocket) {
    return "unix:" + unixSocket.toAbsolutePath();
  }
}
