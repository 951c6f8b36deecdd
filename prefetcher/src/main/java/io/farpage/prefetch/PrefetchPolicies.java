package io.farpage.prefetch;

import java.util.List;

/** The prefetch policies by the names that the command line has for them. */
public final class PrefetchPolicies {
  /** The default. */
  public static final String AUTO = "auto";

  /** The one that needs a recording. */
  public static final String REPLAY = "replay";

  /** All names, in the order in which they are shown. */
  public static final List<String> NAMES =
      List.of(AUTO, "sweep", "bubble", "trend", "hot-first", REPLAY);

  private PrefetchPolicies() {}

  /**
   * Creates a policy.
   *
   * @param name one of {@link #NAMES}
   * @param heat how often the guest wrote each page, or null when it was not measured
   * @param faults a recording, or null; {@code replay} needs it
   * @throws IllegalArgumentException when there is no such policy, or it lacks a recording
   */
  public static PrefetchPolicy create(
      final String name,
      final MissingPages missing,
      final PageHeat heat,
      final RecordedFaults faults) {
    return switch (name) {
      case AUTO -> new AdaptivePolicy(missing, heat, faults);
      case "sweep" -> new SweepPolicy(missing);
      case "bubble" -> new BubblePolicy(missing);
      case "trend" -> new TrendPolicy(missing);
      case "hot-first" ->
          heat == null ? new SweepPolicy(missing) : new HotFirstPolicy(missing, heat);
      case REPLAY -> {
        if (faults == null) {
          throw new IllegalArgumentException("the policy replay needs a recording");
        }
        yield new ReplayPolicy(missing, faults);
      }
      default -> throw new IllegalArgumentException("there is no prefetch policy " + name);
    };
  }
}
