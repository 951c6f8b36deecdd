package io.farpage.migration;

import io.farpage.warmup.WarmupLimits;

/**
 * How memory is read while the guest still runs on the source.
 *
 * @param mode {@code hybrid}, {@code precopy} or {@code postcopy}: the name in reports
 * @param limits when to switch over
 * @param maxBandwidth bytes a second, 0 for no limit
 */
public record WarmupOptions(String mode, WarmupLimits limits, long maxBandwidth) {
  /** Returns whether there is to be a warm-up at all. */
  public boolean wanted() {
    return !mode.equals("postcopy");
  }
}
