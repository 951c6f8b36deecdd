package io.farpage.bench;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What a measurement adds to the command lines of the two daemons. */
final class DaemonOptions {
  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description = "of `farpage dest`: hybrid, postcopy or precopy (default: postcopy)")
  private String mode;

  @Option(
      names = "--source-option",
      paramLabel = "OPTION",
      description = "for `farpage source`, as in --source-option=--transport=tcp; repeatable")
  private List<String> source = new ArrayList<>();

  @Option(
      names = "--dest-option",
      paramLabel = "OPTION",
      description =
          "for `farpage dest`, as in --dest-option=--max-postcopy-bandwidth=64M; repeatable")
  private List<String> destination = new ArrayList<>();

  /** Returns options for the destination only. */
  static DaemonOptions destination(final String... options) {
    final DaemonOptions all = new DaemonOptions();
    all.destination = List.of(options);
    return all;
  }

  /** Adds an option for both sides. */
  DaemonOptions both(final String option) {
    source = with(source, option);
    destination = with(destination, option);
    return this;
  }

  private static List<String> with(final List<String> options, final String option) {
    final List<String> more = new ArrayList<>(options);
    more.add(option);
    return more;
  }

  /** Returns the options of {@code farpage source}. */
  String[] source() {
    return source.toArray(String[]::new);
  }

  /** Returns the options of {@code farpage dest}. */
  String[] destination() {
    final List<String> options = new ArrayList<>(destination);
    if (mode != null) {
      options.add("--mode=" + mode);
    }
    return options.toArray(String[]::new);
  }
}
