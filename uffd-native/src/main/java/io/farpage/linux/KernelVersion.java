package io.farpage.linux;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel release.
 *
 * @param major for example 6
 * @param minor for example 18
 * @param release the whole text, for example {@code 6.18.1-amd64}
 */
public record KernelVersion(int major, int minor, String release) {
  private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

  /** The running kernel's. */
  public static KernelVersion running() {
    return parse(System.getProperty("os.version"));
  }

  /**
   * Reads a release as {@code uname -r} prints it.
   *
   * @throws IllegalArgumentException when it does not begin with two numbers
   */
  public static KernelVersion parse(String release) {
    Matcher matcher = NUMBERS.matcher(release);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("kernel release " + release);
    }
    return new KernelVersion(
        Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)), release);
  }

  /** Whether this is that version or a newer one. */
  public boolean isAtLeast(int otherMajor, int otherMinor) {
    return major != otherMajor ? major > otherMajor : minor >= otherMinor;
  }
}
