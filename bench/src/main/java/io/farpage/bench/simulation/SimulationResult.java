package io.farpage.bench.simulation;

/**
 * What a policy made of a trace.
 *
 * @param touched pages that the guest touched and that are data: its working set
 * @param touchedMissing those of them that had not arrived when it stopped on the source
 * @param touchedBefore those of the latter that it touched before everything had arrived
 * @param demandFaults pages that it had to ask for
 * @param clustered pages that came along with those, as neighbours
 * @param waits pages that it waited for in flight
 * @param markers touches of pages that had arrived and were left unmapped
 * @param covered touched pages that the prefetcher brought, in time or not
 * @param prefetched pages that the prefetcher had read before the trace ended
 * @param used those of them that the guest touched within the trace
 * @param leadNs median time between the arrival of a prefetched page and its first touch; 0 for
 *     none
 * @param lostNs time that the guest spent waiting
 * @param completeNs when everything had arrived; -1 when the trace ended before
 */
public record SimulationResult(
    long touched,
    long touchedMissing,
    long touchedBefore,
    long demandFaults,
    long clustered,
    long waits,
    long markers,
    long covered,
    long prefetched,
    long used,
    long leadNs,
    long lostNs,
    long completeNs) {

  /** Returns demand faults in percent of the working set. */
  public double demandPercent() {
    return percent(demandFaults, touched);
  }

  /** Returns waits for pages in flight in percent of the working set. */
  public double waitPercent() {
    return percent(waits, touched);
  }

  /** Returns demand faults in percent of the missing pages touched until all had arrived. */
  public double earlyDemandPercent() {
    return percent(demandFaults, touchedBefore);
  }

  /** Returns how much of what was prefetched was touched, in percent. */
  public double accuracyPercent() {
    return percent(used, prefetched);
  }

  /** Returns how much of the missing working set the prefetcher brought, in percent. */
  public double coveragePercent() {
    return percent(covered, touchedMissing);
  }

  private static double percent(final long part, final long whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }
}
