package io.farpage.control;

/**
 * How many lanes a destination opens for what.
 *
 * @param demand for pages that the guest waits for, 1 to {@value #MAX_EACH}
 * @param bulk for pages fetched ahead, 1 to {@value #MAX_EACH}
 */
public record LaneCounts(int demand, int bulk) {
  /** The most lanes of each kind. */
  public static final int MAX_EACH = 16;

  /** Requires both numbers to be in range. */
  public LaneCounts {
    requireInRange(demand, "demand");
    requireInRange(bulk, "bulk");
  }

  private static void requireInRange(final int count, final String kind) {
    if (count < 1 || count > MAX_EACH) {
      throw new IllegalArgumentException(
          count + " " + kind + " lanes; 1 to " + MAX_EACH + " are allowed");
    }
  }

  /** Returns the number of all lanes. */
  public int total() {
    return demand + bulk;
  }
}
