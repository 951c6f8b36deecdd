package io.farpage.bench;

import io.farpage.guest.Accelerator;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that measurements have in common. */
final class MeasurementOptions {
  private static final int GOOD_PRECOPY_FROM = 9;
  private static final Pattern VERSION = Pattern.compile("[0-9]+(\\.[0-9]+)*");
  private static final String NO_QEMU_10 =
      "pager-daemon/src/test/setup/fetch-qemu10 fetches QEMU 10";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "medians are over so many (default: 5; of downtimes, and to compare, 7)")
  private Integer rounds;

  @Option(
      names = "--accel",
      paramLabel = "A",
      defaultValue = "tcg",
      description = "tcg or kvm (default: ${DEFAULT-VALUE})")
  private String accel;

  @Option(
      names = "--qemu",
      paramLabel = "Q",
      defaultValue = "auto",
      description =
          "system; 10 for the one that pager-daemon/src/test/setup/fetch-qemu10 fetches; a version,"
              + " as in 7.2; auto for one of them that will do (default: ${DEFAULT-VALUE})")
  private String qemu;

  @Option(
      names = "--json",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "FILE",
      description =
          "one JSON object, and nothing else; with a file, it goes there and the tables are printed"
              + " too")
  private String json;

  /**
   * Returns the number of rounds, once it is found good.
   *
   * @param usual when the option is not given
   */
  int rounds(final int usual) {
    if (rounds == null) {
      rounds = usual;
    }
    require(rounds >= 1, "--rounds must be at least 1");
    return rounds;
  }

  Accelerator accelerator() {
    return named("--accel", Accelerator.class, accel);
  }

  WritePattern pattern(final String name) {
    return pattern("--pattern", name);
  }

  WritePattern pattern(final String option, final String name) {
    return named(option, WritePattern.class, name);
  }

  /** Ends the program with one line and exit code 2 unless an option is good. */
  void require(final boolean good, final String complaint) {
    if (!good) {
      throw new ParameterException(spec.commandLine(), complaint);
    }
  }

  private <E extends Enum<E>> E named(final String option, final Class<E> type, final String name) {
    try {
      return Enum.valueOf(type, name.toUpperCase(Locale.ROOT));
    } catch (final IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), option + ": there is no " + name, e);
    }
  }

  /** Begins a measurement on a QEMU of this machine. */
  Findings begin(final QemuInstallation installation) throws IOException {
    return new Findings(json != null && json.isEmpty(), System.out)
        .alsoTo(json == null || json.isEmpty() ? null : Path.of(json))
        .on(installation)
        .note("accel", accel)
        .note("repeats", "medians of " + rounds + " rounds");
  }

  /** Finds the QEMU to measure with. */
  QemuInstallation qemu() throws IOException {
    return qemus(0).stream().findFirst().orElseThrow(this::noQemu);
  }

  /** Finds the newest QEMU to measure with. */
  QemuInstallation newestQemu() throws IOException {
    return qemus(0).stream()
        .max(Comparator.comparing(QemuInstallation::majorVersion))
        .orElseThrow(this::noQemu);
  }

  private IOException noQemu() {
    return new IOException(
        switch (qemu) {
          case "10" -> NO_QEMU_10;
          case "auto", "system" -> "no QEMU found";
          default -> "no QEMU " + qemu + " found";
        });
  }

  /**
   * Finds a QEMU whose pre-copy moves a guest under TCG whole. That of 7.2.22 was seen to lose
   * writes, that of 10.0.2 was not; QEMU's commit 03bfc2188f of March 2024 describes such a loss,
   * and version 9 is taken to be the first with it.
   */
  QemuInstallation qemuWithGoodPrecopy() throws IOException {
    return qemus(accelerator() == Accelerator.TCG ? GOOD_PRECOPY_FROM : 0).stream()
        .findFirst()
        .orElseThrow(
            () ->
                new IOException(
                    "no QEMU from "
                        + GOOD_PRECOPY_FROM
                        + " on; the pre-copy of 7.2 was seen to lose writes under TCG; "
                        + NO_QEMU_10));
  }

  private List<QemuInstallation> qemus(final int leastMajor) {
    final boolean version = VERSION.matcher(qemu).matches();
    require(
        version || List.of("auto", "system").contains(qemu),
        "--qemu must be auto, system or a version, not " + qemu);
    final List<QemuInstallation> candidates = new ArrayList<>();
    if (!qemu.equals("10")) { // the name of the fetched one
      QemuInstallation.system().ifPresent(candidates::add);
    }
    if (!qemu.equals("system")) {
      QemuInstallation.qemu10().ifPresent(candidates::add);
    }
    return candidates.stream()
        .filter(each -> each.majorVersion() >= leastMajor)
        .filter(each -> !version || (each.version() + ".").startsWith(qemu + "."))
        .toList();
  }
}
