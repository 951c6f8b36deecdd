package io.farpage.cli;

import io.farpage.control.TlsCredentials;
import io.farpage.control.Wire;
import io.farpage.migration.MigrationException;
import io.farpage.migration.Outcome;
import io.farpage.migration.TransportPolicy;
import io.farpage.transport.rdma.DisniLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that {@code source} and {@code dest} share. */
final class CommonOptions {
  @Option(
      names = "--qmp",
      required = true,
      paramLabel = "SOCK",
      description = "QEMU's QMP socket: -qmp unix:SOCK,server=on,wait=off")
  Path qmp;

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "QEMU's process, when it cannot be found through the socket")
  Integer pid;

  @Option(
      names = "--transport",
      paramLabel = "T",
      description = "auto, rdma or tcp; auto is RDMA where both sides have a device")
  String transport = "auto";

  @Option(
      names = "--libdisni",
      paramLabel = "FILE",
      description = "DiSNI's native library, when it shall not be the one that comes along")
  Path libdisni;

  @ArgGroup(exclusive = true)
  Security security;

  /** How the connection is protected. */
  static final class Security {
    @Option(
        names = "--tls-creds",
        paramLabel = "DIR",
        description = "X.509 credentials in QEMU's directory layout; both sides are checked")
    Path tlsCreds;

    @Option(
        names = "--insecure",
        description = "plain connections beyond loopback: only on a network that you trust")
    boolean insecure;
  }

  @Option(
      names = "--control",
      paramLabel = "SOCK",
      description = "make a UNIX socket for `farpage ctl`")
  Path control;

  @Option(names = "--json", description = "one QMP-shaped event a line, and nothing else")
  boolean json;

  @Option(
      names = "--log-level",
      paramLabel = "L",
      description = "error, warn, info, debug or trace; logs go to the standard error")
  String logLevel = "warn";

  @Option(
      names = "--state-dir",
      paramLabel = "DIR",
      description = "where journals and sockets live; /run/farpage for root")
  Path stateDir;

  /** Takes an option of a plain command line; false when it is none of these, or needs picocli. */
  boolean take(final PlainArguments option) {
    switch (option.name()) {
      case "--qmp" -> qmp = option.path();
      case "--pid" -> pid = option.number();
      case "--transport" -> transport = option.text();
      case "--libdisni" -> libdisni = option.path();
      case "--control" -> control = option.path();
      case "--json" -> json = true;
      case "--log-level" -> logLevel = option.text();
      case "--state-dir" -> stateDir = option.path();
      case "--tls-creds", "--insecure" -> {
        if (security != null) {
          return false; // one or the other
        }
        security = new Security();
        if (option.name().equals("--insecure")) {
          security.insecure = true;
        } else {
          security.tlsCreds = option.path();
        }
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Whether a plain command line had all that it must have. */
  boolean isComplete() {
    return qmp != null;
  }

  /** Must come before the first logger is made. */
  void configureLogging() throws MigrationException {
    final String level = logLevel.toLowerCase(Locale.ROOT);
    if (!List.of("error", "warn", "info", "debug", "trace").contains(level)) {
      throw new MigrationException(
          Outcome.REFUSED, "--log-level must be error, warn, info, debug or trace");
    }
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", level);
    // in milliseconds since the start: to get a format of dates ready takes longer than to connect
    System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
    System.setProperty("org.slf4j.simpleLogger.showShortLogName", "true");
    // Chronicle tells about itself at each start
    System.setProperty("org.slf4j.simpleLogger.log.net.openhft", "error");
    // by name, so that it does not look into every jar for others, and without a word on that
    System.setProperty("slf4j.provider", "org.slf4j.simple.SimpleServiceProvider");
    System.setProperty("slf4j.internal.verbosity", "WARN");
  }

  OptionalInt pid() {
    return pid == null ? OptionalInt.empty() : OptionalInt.of(pid);
  }

  /** Must come before RDMA is first used. */
  TransportPolicy transport() throws MigrationException {
    if (libdisni != null) {
      if (!Files.isRegularFile(libdisni)) {
        throw new MigrationException(Outcome.REFUSED, "--libdisni: there is no file " + libdisni);
      }
      System.setProperty(DisniLibrary.PROPERTY, libdisni.toAbsolutePath().toString());
    }
    return switch (transport) {
      case "auto" -> TransportPolicy.AUTO;
      case "rdma" -> TransportPolicy.RDMA;
      case "tcp" -> TransportPolicy.TCP;
      default ->
          throw new MigrationException(
              Outcome.REFUSED, "--transport must be auto, rdma or tcp, not " + transport);
    };
  }

  Wire wire(final boolean server) throws MigrationException {
    if (security == null || security.tlsCreds == null) {
      return Wire.plain(security != null && security.insecure);
    }
    try {
      return Wire.tls(
          server
              ? TlsCredentials.forServer(security.tlsCreds)
              : TlsCredentials.forClient(security.tlsCreds));
    } catch (final IOException e) {
      throw new MigrationException(Outcome.REFUSED, e.getMessage(), e);
    }
  }
}
