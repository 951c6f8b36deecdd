package io.farpage.migration;

import io.farpage.cli.DaemonProcess;
import io.farpage.qmp.QmpException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The destination's half of {@link TwoHostMigration}, run on the second host: a QEMU and a daemon.
 * Prints what the daemon prints, and at the end whether the guest's memory is right.
 */
final class OtherHost {
  /** Begins the line that says what became of the guest when the daemon was interrupted. */
  static final String INTERRUPTED = "INTERRUPTED guest: ";

  /** Begins the line with the daemon's exit code, when it is to be run no more. */
  static final String EXIT = "EXIT code: ";

  /** Begins the line with the report. */
  static final String REPORT = "REPORT ";

  /** Begins the line that says how many pages are right. */
  static final String VERIFIED = "VERIFIED pages: ";

  /** Among the files that both hosts see: there when the daemon shall be run again. */
  static final String RESUME_FILE = "resume";

  private OtherHost() {}

  /** Takes options of {@code farpage dest}. */
  public static void main(final String[] options) throws Exception {
    try (MigrationLab lab = MigrationLab.open()) {
      final Vm vm =
          lab.destination(TwoHostMigration.GUEST, lab.memory(TwoHostMigration.SIZE_MIB, "b"));
      // on a slow machine this takes longer than a daemon waits
      vm.qemu().await("an answer of QEMU", MigrationLab.BOOT, () -> isThere(vm));
      final Path report = lab.directory().resolve("report.json");
      final List<String> arguments = new ArrayList<>();
      arguments.addAll(
          List.of(
              "dest",
              "--qmp=" + vm.qmpSocket(),
              "--state-dir=" + lab.directory().resolve("state"),
              "--report=" + report,
              "--insecure",
              "--mode=postcopy"));
      arguments.addAll(List.of(options));
      int exit = run(arguments);
      while (exit == Outcome.INTERRUPTED.exitCode()) {
        say(INTERRUPTED + vm.runState());
        awaitFile(Path.of(System.getenv("FARPAGE_LAB_SHARED"), RESUME_FILE));
        final List<String> again = new ArrayList<>(arguments);
        again.add("--resume");
        exit = run(again);
      }
      say(EXIT + exit);
      if (exit == Outcome.COMPLETED.exitCode()) {
        say(REPORT + Files.readString(report).replaceAll("\\s*\n\\s*", ""));
        lab.requireNothingLeftIn(vm);
        lab.requireNoState();
        vm.requireWriting();
        TwoHostMigration.BALLAST.requireIn(vm.ramFile());
        say(VERIFIED + vm.verify().pagesVerified());
      }
    }
  }

  private static boolean isThere(final Vm vm) {
    try {
      return vm.runState() != null;
    } catch (final QmpException e) {
      return false;
    }
  }

  private static int run(final List<String> arguments) throws Exception {
    try (DaemonProcess daemon = DaemonProcess.start(arguments, OtherHost::say)) {
      return daemon.awaitExit(Duration.ofMinutes(5));
    }
  }

  private static void awaitFile(final Path file) {
    Await.until(file + " is there", () -> Files.exists(file));
  }

  private static synchronized void say(final String line) {
    System.out.println(line);
    System.out.flush();
  }
}
