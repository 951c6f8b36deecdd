package io.farpage.prefetch;

/**
 * Shares what is fetched between members of a policy, by how often they are right.
 *
 * <p>A member's rate is the part of its trials that were hits; both are halved from time to time,
 * so that what was long ago counts little. Of the members that have something to propose, the best
 * has the turn, except that all the others together get one part in {@value #TRIED_PART} of the
 * bytes, by turns, so that a member that has become better is found out. To take the first place
 * from another, a member must be better by a tenth and five percentage points.
 */
final class PolicyShares {
  private static final int TRIED_PART = 16;
  private static final int FORGET_AFTER = 128;

  // less is chance
  private static final double BETTER_FACTOR = 1.1;
  private static final double BETTER_BY = 0.05;

  private final int[] hits;
  private final int[] trials;
  private long othersBytes;
  private long bestBytes;
  private int best;
  private int lastTried;
  private boolean trying;

  /** Begins with a number of members that have no rate yet. */
  PolicyShares(final int members) {
    hits = new int[members];
    trials = new int[members];
  }

  /** Sets what is thought of a member before anything is known. */
  void expect(final int member, final int hitCount, final int trialCount) {
    hits[member] = hitCount;
    trials[member] = trialCount;
  }

  void onTrial(final int member) {
    trials[member]++;
    if (trials[member] >= FORGET_AFTER) {
      trials[member] /= 2;
      hits[member] /= 2;
    }
  }

  void onHit(final int member) {
    hits[member] = Math.min(hits[member] + 1, trials[member]);
  }

  /** Returns the rate of a member, from 0 to 1. */
  double rate(final int member) {
    return trials[member] == 0 ? 0 : (double) hits[member] / trials[member];
  }

  /**
   * Returns whose turn it is.
   *
   * @param able the members that have something to propose, a bit each; not 0
   */
  int choose(final int able) {
    if ((able & 1 << best) == 0) {
      best = Integer.numberOfTrailingZeros(able);
    }
    for (int i = 0; i < hits.length; i++) {
      if ((able & 1 << i) != 0 && rate(i) > rate(best) * BETTER_FACTOR + BETTER_BY) {
        best = i;
      }
    }
    final int others = able & ~(1 << best);
    trying = others != 0 && othersBytes * (TRIED_PART - 1) < bestBytes;
    if (!trying) {
      return best;
    }
    do {
      lastTried = (lastTried + 1) % hits.length;
    } while ((others & 1 << lastTried) == 0);
    return lastTried;
  }

  /** Notes how much the member had whose turn it was. */
  void take(final long lengthBytes) {
    if (trying) {
      othersBytes += lengthBytes;
    } else {
      bestBytes += lengthBytes;
    }
  }
}
