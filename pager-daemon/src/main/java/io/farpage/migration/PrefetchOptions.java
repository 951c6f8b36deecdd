package io.farpage.migration;

import io.farpage.trace.FaultTrace;
import java.nio.file.Path;

/**
 * What to fetch ahead of demand.
 *
 * @param policy one of {@link io.farpage.prefetch.PrefetchPolicies#NAMES}
 * @param afterMs for so long after the resume nothing is fetched ahead, in milliseconds
 * @param replay the faults of an earlier run, or null
 * @param record where this run's faults are recorded, or null
 */
public record PrefetchOptions(String policy, long afterMs, FaultTrace replay, Path record) {}
