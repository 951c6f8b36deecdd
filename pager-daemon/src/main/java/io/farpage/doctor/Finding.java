package io.farpage.doctor;

/**
 * One thing that was looked at.
 *
 * @param grade how it is
 * @param text what was found
 * @param remedy what to do about it, or empty
 */
public record Finding(Grade grade, String text, String remedy) {
  /** How a thing is. */
  public enum Grade {
    /** Good. */
    GOOD("ok"),
    /** Works, with less. */
    LESS("note"),
    /** Without it there is no migration. */
    MISSING("FAIL");

    private final String label;

    Grade(final String label) {
      this.label = label;
    }

    /** Returns the word in front of the line. */
    public String label() {
      return label;
    }
  }

  static Finding good(final String text) {
    return new Finding(Grade.GOOD, text, "");
  }

  static Finding less(final String text, final String remedy) {
    return new Finding(Grade.LESS, text, remedy);
  }

  static Finding missing(final String text, final String remedy) {
    return new Finding(Grade.MISSING, text, remedy);
  }
}
