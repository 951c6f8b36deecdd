package io.farpage.cli;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads a command line that has nothing unusual about it straight into a command. Anything else,
 * whether wrong or only rare, is left to picocli, which takes longer to get ready than all the rest
 * takes until a daemon is connected.
 *
 * <p>Understood are {@code --option=value}, {@code --option value} and {@code --flag}, each once.
 */
final class PlainArguments {
  private static final int MAX_DIGITS = 9;

  /** What a command line can be read into. */
  interface Target {
    /**
     * Takes an option.
     *
     * @return false for an option that it does not have, or that needs picocli
     */
    boolean take(PlainArguments option);

    /** Whether everything is there that must be. */
    boolean isComplete();
  }

  private final String[] args;
  private int next;
  private String name;
  private String inlineValue;
  private boolean plain = true;

  private PlainArguments(final String[] args, final int first) {
    this.args = args;
    next = first;
  }

  /**
   * Reads a command line into a target.
   *
   * @param first the number of the first argument after the command's name
   * @return whether it could be read; else the target is not to be used
   */
  static boolean read(final String[] args, final int first, final Target target) {
    final PlainArguments option = new PlainArguments(args, first);
    final Set<String> seen = new HashSet<>();
    while (option.next < args.length) {
      option.advance();
      if (!seen.add(option.name)
          || !target.take(option)
          || option.inlineValue != null
          || !option.plain) {
        return false;
      }
    }
    return target.isComplete();
  }

  private void advance() {
    final String arg = args[next++];
    final int equals = arg.indexOf('=');
    name = equals < 0 ? arg : arg.substring(0, equals);
    inlineValue = equals < 0 ? null : arg.substring(equals + 1);
  }

  /** Returns the option's name, dashes included. */
  String name() {
    return name;
  }

  /** Returns the option's value. */
  String text() {
    String value = inlineValue;
    inlineValue = null;
    if (value == null && next < args.length) {
      value = args[next++];
    }
    if (value == null || value.isEmpty() || "-@\"'".indexOf(value.charAt(0)) >= 0) {
      plain = false;
      return "";
    }
    return value;
  }

  /** Returns the option's value as a path. */
  Path path() {
    return Path.of(text());
  }

  /** Returns the option's value as a whole number. */
  int number() {
    final String digits = text();
    boolean decimal = !digits.isEmpty() && digits.length() <= MAX_DIGITS;
    for (int i = 0; i < digits.length(); i++) {
      decimal &= digits.charAt(i) >= '0' && digits.charAt(i) <= '9';
    }
    if (!decimal) {
      plain = false;
      return 0;
    }
    return Integer.parseInt(digits);
  }
}
