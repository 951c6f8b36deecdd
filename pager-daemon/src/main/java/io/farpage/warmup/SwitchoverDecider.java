package io.farpage.warmup;

import java.util.List;
import java.util.Locale;

/**
 * Decides when a warm-up has done what it can, from what its rounds have measured.
 *
 * <p>A hybrid migration may switch over at any time, because the rest follows afterwards; it does
 * so when reading more has become useless. A precopy may only when the rest fits into the downtime
 * that is allowed, the rule of pre-copy since Clark et al. (NSDI 2005); at its other limits it
 * gives up.
 *
 * <p>Pure: it remembers nothing between calls and reads no clock.
 */
public final class SwitchoverDecider {
  /** Beyond so much of the data, reading again costs more than fetching the rest afterwards. */
  private static final int READ_BUDGET_PERCENT = 115;

  /** So little of the data is not worth a round. */
  private static final int NEGLIGIBLE_PERCENT = 1;

  /** A round that shrinks the rest by less is the first of many like it. */
  private static final int LEAST_SHRINKING_PERCENT = 10;

  /** A round of which so much was written meanwhile was for nothing. */
  private static final int USELESS_PERCENT = 90;

  /** So many rounds tell the bandwidth, each half as much as the one after it, and the trend. */
  private static final int RECENT_ROUNDS = 3;

  /** What takes no longer is written anew in the time that it takes to stop the guest. */
  private static final long HYBRID_REST_MS = 10;

  private static final Decision GO_ON =
      new Decision(false, false, Reason.CONTINUE, "the warm-up is within its limits");

  private final WarmupLimits limits;
  private final long dataBytes;

  /**
   * Creates the decider of one warm-up.
   *
   * @param dataBytes the source's data when the warm-up begins
   */
  public SwitchoverDecider(final WarmupLimits limits, final long dataBytes) {
    this.limits = limits;
    this.dataBytes = dataBytes;
  }

  /** Returns the bytes beyond which reading before the move does not pay; a precopy has no such. */
  public long budgetBytes() {
    return limits.precopy() ? Long.MAX_VALUE : dataBytes / 100 * READ_BUDGET_PERCENT + 1;
  }

  /**
   * Decides after a round.
   *
   * @param rounds every round so far, in order
   * @param elapsedMs since the beginning of the warm-up
   * @param totalReadBytes read since then, of use or not
   */
  public Decision afterRound(
      final List<WarmupRound> rounds, final long elapsedMs, final long totalReadBytes) {
    if (rounds.isEmpty()) {
      return during(elapsedMs, totalReadBytes);
    }
    final long rest = rounds.get(rounds.size() - 1).missingBytes();
    final double bandwidth = bandwidth(rounds);
    if (rest == 0) {
      return switchOver(Reason.FITS_DOWNTIME_LIMIT, "nothing is missing");
    }
    if (rest * 1000.0 <= allowedMs() * bandwidth) {
      return switchOver(
          Reason.FITS_DOWNTIME_LIMIT,
          restWouldTake(rest, bandwidth) + ", within the " + downtimeLimit() + " allowed");
    }
    final String tooLong =
        bandwidth == 0
            ? "rest " + FigureText.bytes(rest) + ", and nothing was read that tells how fast"
            : restWouldTake(rest, bandwidth) + ", more than the " + downtimeLimit() + " allowed";
    return limits.precopy()
        ? afterPrecopyRound(rounds, elapsedMs, tooLong)
        : afterHybridRound(rounds, elapsedMs, totalReadBytes, tooLong);
  }

  /**
   * Decides in the middle of a round, where only the limits on time and on bytes hold.
   *
   * @param elapsedMs since the beginning of the warm-up
   * @param totalReadBytes read since then, of use or not
   */
  public Decision during(final long elapsedMs, final long totalReadBytes) {
    if (!limits.precopy() && isBudgetSpent(totalReadBytes)) {
      return budgetSpent(totalReadBytes);
    }
    return isTimeOver(elapsedMs) ? timeLimit("the rest has not become small enough") : GO_ON;
  }

  /**
   * Returns whether the rest has got smaller over the last rounds, or may still do so. A precopy
   * that does not converge never ends by itself; its decisions to go on say so, and what to do.
   *
   * @param rounds every round so far, in order
   */
  public boolean converges(final List<WarmupRound> rounds) {
    if (rounds.size() < RECENT_ROUNDS) {
      return true;
    }
    final List<WarmupRound> recent = recent(rounds);
    final WarmupRound last = rounds.get(rounds.size() - 1);
    final boolean shrinks = shrinks(recent.get(0).missingBytes(), last.missingBytes());
    return shrinks || !(isWrittenFasterThanRead(recent) || isOnlyHot(last));
  }

  private Decision afterHybridRound(
      final List<WarmupRound> rounds,
      final long elapsedMs,
      final long totalReadBytes,
      final String tooLong) {
    final WarmupRound last = rounds.get(rounds.size() - 1);
    // the first round has the longest time to be written in, so one alone proves little; unless it
    // left nearly everything: then the second would be as long, and end in the same way
    final boolean first = rounds.size() == 1;
    final long before = first ? dataBytes : rounds.get(rounds.size() - 2).missingBytes();
    final long written = last.wastedBytes() + last.invalidatedBytes();
    if (isOnlyHot(last)) {
      return switchOver(Reason.ONLY_HOT_PAGES_LEFT, onlyHot(last));
    }
    if (!shrinks(before, last.missingBytes())) {
      return switchOver(
          Reason.NOT_SHRINKING,
          String.format(
              Locale.ROOT,
              "round %d took the rest from %s to %s: the guest writes as fast as it is read",
              rounds.size(),
              FigureText.bytes(before),
              FigureText.bytes(last.missingBytes())));
    }
    if (!first
        && last.readBytes() > 0
        && written * 100.0 >= last.readBytes() * (double) USELESS_PERCENT) {
      return switchOver(
          Reason.NOT_SHRINKING,
          String.format(
              Locale.ROOT,
              "round %d read %s, and the guest wrote to %s of what had been read",
              rounds.size(),
              FigureText.bytes(last.readBytes()),
              FigureText.bytes(written)));
    }
    if (isBudgetSpent(totalReadBytes)) {
      return budgetSpent(totalReadBytes);
    }
    if (isTimeOver(elapsedMs)) {
      return timeLimit(tooLong);
    }
    return isLastRound(rounds) ? roundLimit(tooLong) : goOn(tooLong);
  }

  private Decision afterPrecopyRound(
      final List<WarmupRound> rounds, final long elapsedMs, final String tooLong) {
    if (isTimeOver(elapsedMs)) {
      return timeLimit(tooLong);
    }
    if (isLastRound(rounds)) {
      return roundLimit(tooLong);
    }
    return goOn(converges(rounds) ? tooLong : endless(rounds, tooLong));
  }

  private String endless(final List<WarmupRound> rounds, final String tooLong) {
    final List<WarmupRound> recent = recent(rounds);
    final String why =
        isWrittenFasterThanRead(recent)
            ? String.format(
                Locale.ROOT,
                "the guest writes %s, and %s are read",
                FigureText.rate(
                    recent.stream()
                        .mapToLong(WarmupRound::dirtyBytesPerSecond)
                        .average()
                        .orElse(0)),
                FigureText.rate(
                    recent.stream().mapToLong(WarmupRound::bytesPerSecond).average().orElse(0)))
            : onlyHot(rounds.get(rounds.size() - 1));
    return "this will never end by itself: "
        + why
        + "; "
        + tooLong
        + "; raise --downtime-limit or --max-bandwidth, slow the guest, or switch over now with"
        + " 'farpage ctl SOCK start-postcopy'";
  }

  private String onlyHot(final WarmupRound last) {
    return String.format(
        Locale.ROOT,
        "%s of %s are missing, and the guest keeps writing to %s of them",
        FigureText.bytes(last.missingBytes()),
        FigureText.bytes(dataBytes),
        last.hotBytes() == last.missingBytes() ? "all" : FigureText.bytes(last.hotBytes()));
  }

  private Decision timeLimit(final String state) {
    return atLimit(
        Reason.TIME_LIMIT, FigureText.time(limits.maxTimeMs()) + " of warm-up are over; " + state);
  }

  private Decision roundLimit(final String state) {
    return atLimit(
        Reason.ROUND_LIMIT, "round " + limits.maxRounds() + " was the last allowed; " + state);
  }

  private Decision atLimit(final Reason reason, final String explanation) {
    return limits.precopy()
        ? new Decision(false, true, reason, explanation)
        : switchOver(reason, explanation);
  }

  private Decision budgetSpent(final long totalReadBytes) {
    return switchOver(
        Reason.BUDGET_SPENT,
        String.format(
            Locale.ROOT,
            "%s were read for %s of data: more would cost more than to fetch the rest afterwards",
            FigureText.bytes(totalReadBytes),
            FigureText.bytes(dataBytes)));
  }

  private static Decision switchOver(final Reason reason, final String explanation) {
    return new Decision(true, false, reason, explanation);
  }

  private static Decision goOn(final String explanation) {
    return new Decision(false, false, Reason.CONTINUE, explanation);
  }

  private boolean isBudgetSpent(final long totalReadBytes) {
    return totalReadBytes >= budgetBytes();
  }

  private boolean isTimeOver(final long elapsedMs) {
    return limits.maxTimeMs() > 0 && elapsedMs >= limits.maxTimeMs();
  }

  private boolean isLastRound(final List<WarmupRound> rounds) {
    return limits.maxRounds() > 0 && rounds.size() >= limits.maxRounds();
  }

  private boolean isOnlyHot(final WarmupRound round) {
    final long others = round.missingBytes() - round.hotBytes();
    return others <= 0 || others * 100.0 < dataBytes * (double) NEGLIGIBLE_PERCENT;
  }

  private static boolean isWrittenFasterThanRead(final List<WarmupRound> rounds) {
    return rounds.stream().mapToDouble(WarmupRound::dirtyBytesPerSecond).sum()
        >= rounds.stream().mapToDouble(WarmupRound::bytesPerSecond).sum();
  }

  private static boolean shrinks(final long beforeBytes, final long afterBytes) {
    return (beforeBytes - afterBytes) * 100.0 >= beforeBytes * (double) LEAST_SHRINKING_PERCENT;
  }

  private static List<WarmupRound> recent(final List<WarmupRound> rounds) {
    return rounds.subList(Math.max(0, rounds.size() - RECENT_ROUNDS), rounds.size());
  }

  /** Bytes a second, 0 when no recent round has read anything. */
  private static double bandwidth(final List<WarmupRound> rounds) {
    double sum = 0;
    double weights = 0;
    double weight = 1;
    for (final WarmupRound round : recent(rounds)) {
      if (round.bytesPerSecond() > 0) {
        sum += round.bytesPerSecond() * weight;
        weights += weight;
      }
      weight *= 2;
    }
    return weights == 0 ? 0 : sum / weights;
  }

  private static String restWouldTake(final long rest, final double bandwidth) {
    return String.format(
        Locale.ROOT,
        "rest %s would take %s at %s",
        FigureText.bytes(rest),
        FigureText.time(rest * 1000.0 / bandwidth),
        FigureText.rate(bandwidth));
  }

  /** A hybrid fetches the rest while the guest runs, and waits for it: less is better. */
  private long allowedMs() {
    return limits.precopy()
        ? limits.downtimeLimitMs()
        : Math.min(limits.downtimeLimitMs(), HYBRID_REST_MS);
  }

  private String downtimeLimit() {
    return FigureText.time(allowedMs());
  }

  /**
   * What to do.
   *
   * @param switchOver whether to switch over now
   * @param giveUp whether to end the migration, with the guest on the source; never with the former
   * @param reason why
   * @param explanation one sentence with the figures, for people
   */
  public record Decision(boolean switchOver, boolean giveUp, Reason reason, String explanation) {}

  /** Why a warm-up ends, or goes on. */
  public enum Reason {
    /** The rest can be read while the guest stands still. */
    FITS_DOWNTIME_LIMIT,
    /** What is missing is written so often that it is not worth reading. */
    ONLY_HOT_PAGES_LEFT,
    /** The guest writes as fast as its pages are read. */
    NOT_SHRINKING,
    /** More has been read than the data is worth. */
    BUDGET_SPENT,
    /** The operator's limit on its time. */
    TIME_LIMIT,
    /** The operator's limit on its rounds. */
    ROUND_LIMIT,
    /** The operator asked for it. */
    OPERATOR,
    /** The source's kernel cannot tell which pages are written. */
    NO_TRACKING,
    /** The source's kernel can tell only whether a page was ever written. */
    WRITTEN_ONCE_STAYS_WRITTEN,
    /** It goes on. */
    CONTINUE;

    /** Returns the name as reports spell it: in lower case, with hyphens. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }
}
