package io.farpage.pager;

/**
 * Whether to sleep or to spin until a page that the guest waits for arrives: what was faster lately
 * on this machine.
 *
 * <p>No rule knows beforehand. To wake a thread takes some microseconds, but more than fifty when
 * its processor has to be woken up too, as that of an idle virtual machine has; and to spin takes
 * the processor away from the guest, or from the thread that sends the page. So both are tried: one
 * turn in sixteen goes to what seems slower. A turn is a number of answers; long ones count as
 * {@link #LONGEST_NS}, because they have other reasons.
 *
 * <p>Begins with sleeping. Used by one thread. Allocates nothing.
 */
final class WaitChoice {
  /** How long to spin at most. */
  static final long SPIN_NS = 50_000;

  private static final int ANSWERS_PER_TURN = 32;
  private static final int TURNS_PER_TRIAL = 16;
  private static final long LONGEST_NS = 200_000;
  private static final double WEIGHT = 0.25;

  private double sleepingNs;
  private double spinningNs;
  private boolean spinning;
  private int answers;
  private int turns;
  private long sumNs;

  /** Returns for how many nanoseconds to spin before sleeping. */
  long spinNs() {
    return spinning ? SPIN_NS : 0;
  }

  /** A page came so long after it was asked for. */
  void onAnswer(final long latencyNs) {
    sumNs += Math.min(latencyNs, LONGEST_NS);
    answers++;
    if (answers == ANSWERS_PER_TURN) {
      endTurn((double) sumNs / answers);
      answers = 0;
      sumNs = 0;
    }
  }

  private void endTurn(final double meanNs) {
    if (spinning) {
      spinningNs = mix(spinningNs, meanNs);
    } else {
      sleepingNs = mix(sleepingNs, meanNs);
    }
    turns++;
    final boolean spinningIsFaster = spinningNs < sleepingNs;
    // unknown times are 0: what was never tried seems fastest
    spinning = spinningIsFaster != (turns % TURNS_PER_TRIAL == 0);
  }

  private static double mix(final double formerNs, final double nowNs) {
    return formerNs == 0 ? nowNs : formerNs + WEIGHT * (nowNs - formerNs);
  }
}
