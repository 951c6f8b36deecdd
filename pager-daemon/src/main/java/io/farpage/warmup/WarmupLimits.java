package io.farpage.warmup;

/**
 * What the operator allows a warm-up.
 *
 * @param precopy whether everything must have arrived by the end of the downtime; otherwise the
 *     rest follows after the switchover
 * @param maxTimeMs the longest warm-up, 0 for any
 * @param maxRounds the most rounds, 0 for any number
 * @param downtimeLimitMs how long the guest may stand still while the rest is read
 */
public record WarmupLimits(boolean precopy, long maxTimeMs, int maxRounds, long downtimeLimitMs) {
  /** Checks the limits. */
  public WarmupLimits {
    if (maxTimeMs < 0 || maxRounds < 0 || downtimeLimitMs < 0) {
      throw new IllegalArgumentException("a limit of the warm-up cannot be negative");
    }
  }
}
