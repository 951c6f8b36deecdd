package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;

import io.farpage.cli.LocalMigration;
import io.farpage.guest.MachineType;
import io.farpage.guest.WriterGuest;
import io.farpage.migration.TestCredentials.KeyFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Credentials as QEMU lays them out, good and bad. */
@Tag("once")
@Timeout(120)
class TlsMigrationTest {
  private static final int REFUSED = 2;
  private static final int FAILED = 1;
  private static final int CANCELLED = 130;
  private static final int SIZE_MIB = 32;

  private final WriterGuest guest =
      WriterGuest.builder(MachineType.PC, (long) SIZE_MIB * MIB).stepsPerDot(1 << 14).build();
  @TempDir private Path directory;
  private MigrationLab lab;
  private Vm source;
  private Vm destination;

  @BeforeEach
  void startBoth() throws IOException {
    lab = MigrationLab.open();
    source = lab.source(guest, lab.memory(SIZE_MIB, "a"));
    destination = lab.destination(guest, lab.memory(SIZE_MIB, "b"));
  }

  @AfterEach
  void stopBoth() throws Exception {
    lab.close();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ELLIPTIC_CURVE")
  void noWriteIsLostOnAnEncryptedConnection(final KeyFormat format) throws Exception {
    final Path credentials = credentials("ours", format);
    try (LocalMigration migration = startSource("--tls-creds=" + credentials)) {
      migration.startDestination(destination.qmpSocket(), "--tls-creds=" + credentials);
      migration.await(MigrationLab.MIGRATION).orThrow();
      destination.requireWriting();
      destination.verify();
      lab.requireNothingLeftIn(destination);
      lab.requireNoState();
    }
  }

  /** The source waits for a better one, each time, until it is told to stop. */
  @Test
  void badCredentialsMoveNothing() throws Exception {
    final Path ours = credentials("ours", KeyFormat.ELLIPTIC_CURVE);
    final Path theirs = credentials("theirs", KeyFormat.ELLIPTIC_CURVE);
    final Untouched untouched = Untouched.before(source);

    final Path stranger = Files.createDirectory(directory.resolve("stranger"));
    copy(ours, stranger, "ca-cert.pem");
    copy(theirs, stranger, "client-cert.pem");
    copy(theirs, stranger, "client-key.pem");
    final Path otherKey = Files.createDirectory(directory.resolve("other-key"));
    copy(ours, otherKey, "ca-cert.pem");
    copy(ours, otherKey, "client-cert.pem");
    copy(theirs, otherKey, "client-key.pem");
    final Path noCertificate = Files.createDirectory(directory.resolve("no-certificate"));
    copy(ours, noCertificate, "ca-cert.pem");
    final Path garbage = Files.createDirectory(directory.resolve("garbage"));
    for (final String name : List.of("ca-cert.pem", "client-cert.pem", "client-key.pem")) {
      Files.writeString(garbage.resolve(name), "nothing of the kind\n");
    }

    try (LocalMigration migration = startSource("--tls-creds=" + ours)) {
      final int port = migration.port();
      destination(port, "--tls-creds=" + theirs).saying(FAILED, "same CA");
      destination(port, "--tls-creds=" + stranger).saying(FAILED, "same CA");
      destination(port, "--tls-creds=" + otherKey).saying(FAILED, "TLS");
      destination(port, "--tls-creds=" + noCertificate)
          .saying(REFUSED, "client-cert.pem is missing");
      destination(port, "--tls-creds=" + garbage).saying(REFUSED, "TLS credentials");
      destination(port, "--insecure").saying(FAILED, "--tls-creds");
      migration.source().process().toHandle().destroy();
      Attempt.endOf(migration.source()).saying(CANCELLED, "the guest stays here");
    }
    try (LocalMigration migration = startSource()) {
      destination(migration.port(), "--tls-creds=" + ours).saying(FAILED, "--tls-creds");
      migration.source().process().toHandle().destroy();
      Attempt.endOf(migration.source()).saying(CANCELLED, "the guest stays here");
    }
    untouched.require();
    lab.requireNoState();
    Untouched.requireNoUserfaultfd(destination);
  }

  private LocalMigration startSource(final String... options) throws IOException {
    return LocalMigration.startSource(source.qmpSocket(), lab.directory(), options);
  }

  private Attempt destination(final int port, final String option) throws IOException {
    return Attempt.of(
        "dest",
        "--qmp=" + destination.qmpSocket(),
        "--source=127.0.0.1:" + port,
        "--state-dir=" + lab.directory().resolve("state"),
        option);
  }

  private Path credentials(final String name, final KeyFormat format) throws Exception {
    return TestCredentials.make(directory, name, format);
  }

  private static void copy(final Path from, final Path to, final String name) throws IOException {
    Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
  }
}
