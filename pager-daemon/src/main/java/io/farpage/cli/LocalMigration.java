package io.farpage.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * One migration between two VMMs of this machine, by two daemons that are processes of their own.
 *
 * <p>For tests and measurements: what an operator does on two hosts, on one.
 */
public final class LocalMigration implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

  private static final String LOOPBACK = "127.0.0.1";

  private final Hosts hosts;
  private final Path stateDirectory;
  private final Path report;
  private final DaemonProcess source;
  private DaemonProcess destination;

  /**
   * How it ended.
   *
   * @param sourceExit the source daemon's exit code
   * @param destinationExit the destination daemon's exit code
   * @param sourceOutput what the source daemon printed
   * @param destinationOutput what the destination daemon printed
   * @param report the destination's report; a missing node when there is none
   */
  public record Result(
      int sourceExit,
      int destinationExit,
      List<String> sourceOutput,
      List<String> destinationOutput,
      JsonNode report) {

    /** Throws, with both outputs, unless both daemons ended with code 0. */
    public Result orThrow() {
      if (sourceExit != 0 || destinationExit != 0) {
        throw new AssertionError("the migration failed: " + this);
      }
      return this;
    }
  }

  /**
   * Where the two daemons are.
   *
   * @param address of the source, which it listens on
   * @param sourceWrapper the words before its command line, such as {@code ip netns exec NAME}; may
   *     be empty
   * @param destinationWrapper the same for the destination
   */
  public record Hosts(String address, List<String> sourceWrapper, List<String> destinationWrapper) {
    /** Both on this machine as it is. */
    public static Hosts at(final String address) {
      return new Hosts(address, List.of(), List.of());
    }
  }

  private LocalMigration(
      final Hosts hosts, final Path stateDirectory, final Path report, final DaemonProcess source) {
    this.hosts = hosts;
    this.stateDirectory = stateDirectory;
    this.report = report;
    this.source = source;
  }

  /**
   * Starts the source's daemon, on a free port of the loopback interface.
   *
   * @param qmp the source VMM's QMP socket
   * @param directory for the report and the daemons' state
   * @param options further options of {@code farpage source}
   */
  public static LocalMigration startSource(
      final Path qmp, final Path directory, final String... options) throws IOException {
    return startSourceOn(Hosts.at(LOOPBACK), qmp, directory, options);
  }

  /**
   * Starts the source's daemon, on a free port of an address of this machine.
   *
   * @param address the address, for example that of an RDMA device
   * @param qmp the source VMM's QMP socket
   * @param directory for the report and the daemons' state
   * @param options further options of {@code farpage source}
   */
  public static LocalMigration startSourceOn(
      final String address, final Path qmp, final Path directory, final String... options)
      throws IOException {
    return startSourceOn(Hosts.at(address), qmp, directory, options);
  }

  /**
   * Starts the source's daemon, on a free port, where it shall be.
   *
   * @param hosts where the two daemons are
   * @param qmp the source VMM's QMP socket
   * @param directory for the report and the daemons' state
   * @param options further options of {@code farpage source}
   */
  public static LocalMigration startSourceOn(
      final Hosts hosts, final Path qmp, final Path directory, final String... options)
      throws IOException {
    final Path state = directory.resolve("state");
    final List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            "source",
            "--qmp=" + qmp,
            "--listen=" + hosts.address + ":0",
            "--state-dir=" + state,
            "--json"));
    arguments.addAll(security(hosts.address));
    arguments.addAll(List.of(options));
    return new LocalMigration(
        hosts,
        state,
        directory.resolve("report.json"),
        DaemonProcess.startUnder(hosts.sourceWrapper, arguments, line -> {}));
  }

  /** Nothing leaves this machine, whatever the address. */
  static List<String> security(final String address) {
    return address.equals(LOOPBACK) ? List.of() : List.of("--insecure");
  }

  /** Waits until the source listens, and returns its port. */
  public int port() {
    return source.awaitEvent("LISTENING", data -> true, START_TIMEOUT).path("port").asInt();
  }

  /**
   * Starts the destination's daemon, once the source listens.
   *
   * @param qmp the destination VMM's QMP socket
   * @param options further options of {@code farpage dest}; {@code --mode=postcopy} unless they
   *     name another mode
   */
  public LocalMigration startDestination(final Path qmp, final String... options)
      throws IOException {
    Files.deleteIfExists(report);
    final List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            "dest",
            "--qmp=" + qmp,
            "--source=" + hosts.address + ":" + port(),
            "--state-dir=" + stateDirectory,
            "--report=" + report,
            "--json"));
    if (Stream.of(options).noneMatch(option -> option.startsWith("--mode="))) {
      arguments.add("--mode=postcopy");
    }
    arguments.addAll(security(hosts.address));
    arguments.addAll(List.of(options));
    destination = DaemonProcess.startUnder(hosts.destinationWrapper, arguments, line -> {});
    return this;
  }

  /** Returns the source's daemon. */
  public DaemonProcess source() {
    return source;
  }

  /** Returns the destination's daemon, once started. */
  public DaemonProcess destination() {
    return destination;
  }

  /** Returns where the daemons keep their state. */
  public Path stateDirectory() {
    return stateDirectory;
  }

  /** Waits until both daemons have ended. */
  public Result await(final Duration timeout) throws IOException {
    final int destinationExit = destination.awaitExit(timeout);
    final int sourceExit = awaitSource(timeout);
    final ObjectMapper json = new ObjectMapper();
    return new Result(
        sourceExit,
        destinationExit,
        source.output(),
        destination.output(),
        Files.exists(report) ? json.readTree(report.toFile()) : json.missingNode());
  }

  private int awaitSource(final Duration timeout) {
    try {
      return source.awaitExit(timeout);
    } catch (final IllegalStateException e) {
      // a source whose destination failed early waits for another one
      throw new IllegalStateException(
          e.getMessage() + "; the destination printed: " + destination.output(), e);
    }
  }

  @Override
  public void close() {
    source.close();
    if (destination != null) {
      destination.close();
    }
  }
}
