package io.farpage.guest;

/**
 * A page that is not what the guest wrote.
 *
 * @param gpa guest physical address of the page
 * @param message for people, without the page
 */
public record PageMismatch(long gpa, String message) {
  @Override
  public String toString() {
    return String.format("page 0x%x: %s", gpa >>> 12, message);
  }
}
