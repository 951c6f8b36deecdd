package io.farpage.bench;

import io.farpage.guest.Accelerator;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that measurements have in common. */
final class MeasurementOptions {
  private static final int GOOD_PRECOPY_FROM = 9;
  private static final String NO_QEMU_10 =
      "pager-daemon/src/test/setup/fetch-qemu10 fetches QEMU 10";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "medians are over so many (default: 5; of downtimes 7)")
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
          "system; 10 for the one that pager-daemon/src/test/setup/fetch-qemu10 fetches; auto for"
              + " the first of them that will do (default: ${DEFAULT-VALUE})")
  private String qemu;

  @Option(names = "--json", description = "one JSON object, and nothing else")
  private boolean json;

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

  boolean json() {
    return json;
  }

  WritePattern pattern(final String name) {
    return named("--pattern", WritePattern.class, name);
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
    return new Findings(json, System.out)
        .on(installation)
        .note("accel", accel)
        .note("repeats", "medians of " + rounds + " rounds");
  }

  /** Finds the QEMU to measure with. */
  QemuInstallation qemu() throws IOException {
    return qemuFrom(0)
        .orElseThrow(() -> new IOException(qemu.equals("10") ? NO_QEMU_10 : "no QEMU found"));
  }

  /**
   * Finds a QEMU whose pre-copy moves a guest under TCG whole. That of 7.2.22 was seen to lose
   * writes, that of 10.0.2 was not; QEMU's commit 03bfc2188f of March 2024 describes such a loss,
   * and version 9 is taken to be the first with it.
   */
  QemuInstallation qemuWithGoodPrecopy() throws IOException {
    return qemuFrom(accelerator() == Accelerator.TCG ? GOOD_PRECOPY_FROM : 0)
        .orElseThrow(
            () ->
                new IOException(
                    "no QEMU from "
                        + GOOD_PRECOPY_FROM
                        + " on; the pre-copy of 7.2 was seen to lose writes under TCG; "
                        + NO_QEMU_10));
  }

  private Optional<QemuInstallation> qemuFrom(final int leastMajor) {
    require(
        List.of("auto", "system", "10").contains(qemu),
        "--qemu must be auto, system or 10, not " + qemu);
    final List<QemuInstallation> candidates = new ArrayList<>();
    if (!qemu.equals("10")) {
      QemuInstallation.system().ifPresent(candidates::add);
    }
    if (!qemu.equals("system")) {
      QemuInstallation.qemu10().ifPresent(candidates::add);
    }
    return candidates.stream().filter(each -> each.majorVersion() >= leastMajor).findFirst();
  }
}
